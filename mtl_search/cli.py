"""The command line: what every command has in common. The commands themselves are in ``commands``.

Exit codes: 0 done, 1 a sweep without an answer, 2 the user's input is wrong or nothing can be written, 130
interrupted (Ctrl-C, SIGTERM). What is wrong is one line on stderr.
"""

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mtl_search.commands import parse
from mtl_search.commands.parsing import DONE, INTERRUPTED, WRONG
from mtl_search.errors import UserError, without_controls

__all__ = ["main"]

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
NO_PATH = {errno.ENAMETOOLONG, errno.ELOOP, errno.EISDIR}
KEPT = "what was recorded is kept, and a resume goes on from there"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal's encoding lacks is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    records = False
    try:
        arguments = parse(argv)
        records = arguments.records
        with _sigterm_as_ctrl_c():
            code = int(arguments.command(arguments))
        sys.stdout.flush()  # here a closed pipe is no error; at Python's exit it would be one
        return code
    except UserError as error:
        sys.stderr.write(f"mtl-search: {without_controls(str(error))}\n")
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
        return DONE
    except OSError as error:
        if error.errno not in UNWRITABLE | NO_PATH:
            raise
        expected = "room and permission to write" if error.errno in UNWRITABLE else "a path to a file"
        place, found = str(error.filename or "the disk"), error.strerror or str(error)
        unusable = UserError(place, expected, found, KEPT if records else None)
        sys.stderr.write(f"mtl-search: {without_controls(str(unusable))}\n")
        return WRONG


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Who asks the process to end (a shutdown, a scheduler) gets what Ctrl-C gets."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
