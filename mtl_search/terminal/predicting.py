"""Predictions in the making: a bar, and at the end what was not as in training."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mtl_search.bundle import Predictor
from mtl_search.bundle.counting import Counts
from mtl_search.terminal.words import flow, plain_console, some

__all__ = ["rows_bar", "show_predicted"]


@contextmanager
def rows_bar(quiet: bool = False) -> Iterator[Callable[[int, float], None]]:
    """A bar on the error output, if that is a terminal: of rows done and the share of all that they are."""
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"))
    console = Console(file=sys.stderr)
    off = quiet or not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=off) as progress:
        task = progress.add_task("", total=1.0, rows=0)
        yield lambda rows, share: progress.update(task, completed=share, rows=rows)


def show_predicted(counts: Counts, model: Predictor, out: Path) -> None:
    """What was written, and what was not as in training."""
    console = plain_console()
    flow(console, f"{out}: {counts.rows:,} rows, {some([*model.tasks], 8)}")
    for note in counts.notes:
        flow(console, note)
