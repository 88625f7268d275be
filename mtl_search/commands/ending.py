"""The end of a sweep: its page is written, what it found is shown, and the exit code says how it ended."""

import shlex
import sys
from typing import TYPE_CHECKING

from mtl_search.commands.parsing import DONE, INTERRUPTED, NOTHING
from mtl_search.errors import without_controls

if TYPE_CHECKING:
    from mtl_search.search import SweepResult

__all__ = ["conclude"]


def conclude(result: "SweepResult", quiet: bool) -> int:
    """Write the page of ``result`` and show its end, or its path alone; the exit code.

    Who forced the end waits for neither.
    """
    from mtl_search.report import write_report
    from mtl_search.terminal.leaders import show_end

    if not result.forced:
        write_report(result.path)
        if result.home is not None:
            result.home.publish_page()
    if quiet:
        sys.stdout.write(f"{result.place}\n")
    elif not result.forced:
        show_end(result.board)
    if result.interrupted:
        sys.stderr.write(f"interrupted; go on with: mtl-search resume {shlex.quote(result.place)}\n")
        return INTERRUPTED
    if result.hopeless is not None:
        sys.stderr.write(f"mtl-search: {without_controls(result.hopeless)}\n")
        return NOTHING
    return DONE
