"""An export in the terminal: a bar while networks are trained for it, and at the end what was made."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mtl_search.arm_names import TREES
from mtl_search.terminal.words import flow, plain_console

if TYPE_CHECKING:
    from mtl_search.exporting import Exported

__all__ = ["epochs_bar", "show_exported"]


@contextmanager
def epochs_bar(quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on the error output, if that is a terminal, as soon as something is trained."""
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
    console = Console(file=sys.stderr)
    off = quiet or not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=off) as progress:
        task = progress.add_task("", total=None, visible=False)
        yield lambda done, planned: progress.update(task, completed=done, total=planned, visible=True)


def show_exported(made: "Exported") -> None:
    """What it is, what was trained for it, and how it is used."""
    console = plain_console()
    design, folder = made.design, shlex.quote(str(made.path))
    which = "the recommended design" if design.chosen else f"a design of {', '.join(design.arms)}"
    tasks = f"{len(design.configs)} task{'s' if len(design.configs) > 1 else ''}"
    kind = "model" if design.arm == TREES else "network"
    number = len({*design.configs.values()})
    networks = f"{number} {kind}{'s' if number > 1 else ''}"
    seeds = made.networks // number
    flow(console, f"{made.path}: {which} ({design.design_id}), {networks} for {tasks}")
    if seeds > 1:
        flow(console, f"each {kind} trained on {seeds} seeds: the mean of these is the prediction")
    if made.final:
        flow(console, "trained again on all rows: no row is left that could say how good it is")
    elif made.trained:
        flow(console, f"{made.trained} of {made.networks} trained again, since the sweep had not kept them")
    flow(console, f"mtl-search predict {folder} TABLE OUT", by=2)
