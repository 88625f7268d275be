"""The command line: one function a command, each parses, calls and prints.

Exit codes: 0 done, 1 a sweep without an answer, 2 the user's input is wrong or nothing can be written, 130
interrupted (Ctrl-C, SIGTERM).
Imports that cost time (torch, Ray, pandas) stand in the commands that need them, so that ``--help``
answers at once.
"""

import argparse
import errno
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.errors import UserError

if TYPE_CHECKING:
    from mtl_search.search import SweepResult

__all__ = ["main"]

DONE, NOTHING, WRONG, INTERRUPTED = 0, 1, 2, 130
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = parser().parse_args(argv)
    try:
        with _sigterm_as_ctrl_c():
            return int(arguments.command(arguments))
    except UserError as error:
        sys.stderr.write(f"mtl-search: {error}\n")
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        sys.stderr.close()
        return DONE
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        place = str(error.filename or "the disk")
        hint = "what was recorded is kept, and a resume goes on from there"
        unwritable = UserError(place, "room and permission to write", error.strerror or str(error), hint)
        sys.stderr.write(f"mtl-search: {unwritable}\n")
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


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    root = argparse.ArgumentParser(
        prog="mtl-search",
        description="Search which tasks to train together, where to split them, how to weight their losses.",
        epilog="Start with: mtl-search check search_spaces/support2.yaml",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("check", help="check a sweep file and show what it would search")
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument("--seed", type=int, default=0, help="of the sampled trial that is shown (default: 0)")
    one.set_defaults(command=check)

    one = commands.add_parser("run", help="run a sweep")
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR", help="(default: results)"
    )
    one.add_argument("--name", help="of the folder in DIR (default: the sweep's name)")
    _execution_options(one)
    one.set_defaults(command=run)

    one = commands.add_parser("resume", help="go on with a sweep, or give its search more trials or hours")
    one.add_argument("directory", type=Path, metavar="DIR")
    _execution_options(one)
    one.add_argument(
        "--references", action="store_true", help="give the references their part of --trials or --hours too"
    )
    one.set_defaults(command=resume)

    one = commands.add_parser("top", help="show the best designs and trials of a sweep")
    one.add_argument("directory", type=Path, metavar="DIR")
    one.add_argument("-n", type=_positive, default=10, metavar="N", help="how many trials (default: 10)")
    one.add_argument("--arm", help="of this arm alone")
    one.add_argument("--json", action="store_true", help="as JSON, for programs")
    one.set_defaults(command=top)

    one = commands.add_parser("report", help="write the page of a sweep")
    one.add_argument("directory", type=Path, metavar="DIR")
    one.set_defaults(command=report)

    one = commands.add_parser("compare", help="set several sweeps side by side")
    one.add_argument("directories", type=Path, nargs="+", metavar="DIR")
    one.set_defaults(command=compare)
    return root


def check(arguments: argparse.Namespace) -> int:
    """Check a sweep file and its data, and show what it would search."""
    from mtl_search.data import load_dataset
    from mtl_search.search import check_constraints
    from mtl_search.sweep import load_sweep
    from mtl_search.terminal.checking import show_check

    spec = load_sweep(arguments.file)
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    spec = spec.of_tasks(dataset.tasks)
    check_constraints(spec, dataset)
    show_check(spec, dataset, seed=arguments.seed)
    return DONE


def run(arguments: argparse.Namespace) -> int:
    """Run a new sweep."""
    from mtl_search.search import run_sweep
    from mtl_search.sweep import load_sweep
    from mtl_search.terminal.live import watching

    spec = load_sweep(arguments.file)
    with watching(quiet=arguments.quiet) as watch:
        result = run_sweep(
            spec,
            arguments.results,
            name=arguments.name,
            trials=arguments.trials,
            hours=arguments.hours,
            inline=arguments.inline,
            address=arguments.address,
            watch=watch,
        )
    return _conclude(result, arguments.quiet)


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a sweep."""
    from mtl_search.search import resume_sweep
    from mtl_search.terminal.live import watching

    if arguments.references and arguments.trials is None and arguments.hours is None:
        raise UserError("--references", "--trials N or --hours H with it", "neither")
    with watching(quiet=arguments.quiet) as watch:
        result = resume_sweep(
            arguments.directory,
            trials=arguments.trials,
            hours=arguments.hours,
            references=arguments.references,
            inline=arguments.inline,
            address=arguments.address,
            watch=watch,
        )
    return _conclude(result, arguments.quiet)


def top(arguments: argparse.Namespace) -> int:
    """Show the best designs and trials."""
    from mtl_search.leaderboard import Leaderboard
    from mtl_search.terminal.leaders import show_top, top_json

    board = Leaderboard(arguments.directory)
    if arguments.json:
        sys.stdout.write(top_json(board, arguments.n, arguments.arm) + "\n")
    else:
        show_top(board, arguments.n, arguments.arm)
    return DONE


def report(arguments: argparse.Namespace) -> int:
    """Write the page of a sweep."""
    from mtl_search.report import write_report

    sys.stdout.write(f"{write_report(arguments.directory)}\n")
    return DONE


def compare(arguments: argparse.Namespace) -> int:
    """Set several sweeps side by side."""
    from mtl_search.leaderboard import Leaderboard
    from mtl_search.terminal.comparing import show_comparison

    show_comparison([Leaderboard(directory) for directory in arguments.directories])
    return DONE


def _conclude(result: "SweepResult", quiet: bool) -> int:
    from mtl_search.report import write_report
    from mtl_search.terminal.leaders import show_end

    write_report(result.path)
    if not quiet:
        show_end(result.board)
    if result.interrupted:
        sys.stderr.write(f"interrupted; go on with: mtl-search resume {shlex.quote(str(result.path))}\n")
        return INTERRUPTED
    if result.hopeless is not None:
        sys.stderr.write(f"mtl-search: {result.hopeless}\n")
        return NOTHING
    return DONE


def _execution_options(command: argparse.ArgumentParser) -> None:
    budget = command.add_mutually_exclusive_group()
    budget.add_argument(
        "--trials", type=_positive, metavar="N", help="of the search and of each arm of yours"
    )
    budget.add_argument("--hours", type=_hours, metavar="H", help="of the whole sweep, what it used included")
    command.add_argument("--address", metavar="A", help="of a running Ray cluster (default: a local one)")
    command.add_argument("--inline", action="store_true", help="one trial after another, without Ray")
    command.add_argument("--quiet", action="store_true", help="no live view and no tables at the end")


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return value


def _hours(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of hours above 0, found {text!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
