"""How a sweep stands: as a table with a bar, and as one line."""

import math
from collections.abc import Sequence
from typing import final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mtl_search.analysis.verdict_words import counted, percent
from mtl_search.search import ArmProgress, Count, RunningTrial, Snapshot
from mtl_search.terminal.words import duration, plain_table

__all__ = ["draw", "line"]

SHOWN = 3  # running trials
NARROW = 56  # columns, below which the states of trials are left out
WIDEST = 72  # columns of the bar
REASONS = {
    "explore": "a new set",
    "retune": "a known set again",
    "pair": "one of all pairs",
    "random": "drawn at random",
    "enumerate": "in turn",
    "start": "begins with what did well elsewhere",
}


def draw(snapshot: Snapshot, age: float) -> RenderableType:
    """The view of ``snapshot``, taken ``age`` seconds ago."""
    return View(snapshot, age)


def line(snapshot: Snapshot) -> str:
    """The same in one line."""
    arms = ", ".join(
        f"{arm.name} {percent(arm.best)}" for arm in snapshot.arms if arm.complete and math.isfinite(arm.best)
    )
    state = "starting workers" if snapshot.starting else snapshot.step.value
    failed = f" ({snapshot.failed} failed)" if snapshot.failed else ""
    return f"{state}: {_done(snapshot)}{failed}, {_times(snapshot, 0.0)}; best designs: {arms or 'none yet'}"


@final
class View:
    """Lays a snapshot out for the width that there is."""

    def __init__(self, snapshot: Snapshot, age: float) -> None:
        self._snapshot, self._age = snapshot, age

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _arms(self._snapshot, narrow=options.max_width < NARROW)
        yield _bar(self._snapshot, min(options.max_width, WIDEST))
        yield _now(self._snapshot, self._age)
        yield _facts(self._snapshot)
        yield Text("")  # where a terminal echoes ^C: a full line would grow by one, and never be erased


def _arms(snapshot: Snapshot, *, narrow: bool) -> Table:
    """A row an arm, then one a later step."""
    table = plain_table()
    for title in ("arm", "trials", "running", "stopped", "failed", "best design"):
        if not (narrow and title in ("running", "stopped")):
            table.add_column(title, justify="left" if title == "arm" else "right", no_wrap=True)
    best = max((arm.best for arm in snapshot.arms if math.isfinite(arm.best)), default=math.nan)
    for arm in snapshot.arms:
        states = [] if narrow else [str(arm.running or ""), str(arm.pruned or "")]
        gain = percent(arm.best) if math.isfinite(arm.best) else ""
        table.add_row(
            arm.name,
            _of(arm),
            *states,
            Text(str(arm.failed or ""), style="red"),
            Text(gain, style="bold" if arm.best == best else ""),
            style="" if arm.running else "dim" if not _finished(arm) else "",
        )
    return table


def _bar(snapshot: Snapshot, width: int) -> Table:
    planned, grid = snapshot.planned, Table.grid()
    total = None if planned is None else max(planned.expected, snapshot.done, 1)
    grid.add_row(ProgressBar(total=total, completed=snapshot.done, width=width))
    return grid


def _now(snapshot: Snapshot, age: float) -> Text:
    """Trials and times."""
    failed = f", {snapshot.failed} failed" if snapshot.failed else ""
    return Text.assemble(_done(snapshot), (failed, "red"), f", {_times(snapshot, age)}")


def _facts(snapshot: Snapshot) -> Table:
    """What is trained now, and why."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    if snapshot.starting:
        grid.add_row("starting workers", "")
    elif snapshot.running:
        grid.add_row("training", _running(snapshot.running))
    if snapshot.chosen:
        grid.add_row("chosen", _members(snapshot.chosen, 6))
    if snapshot.note:
        first, _, rest = snapshot.note.partition(" ")
        reason = ": ".join(filter(None, (REASONS[first], rest))) if first in REASONS else snapshot.note
        grid.add_row("why", reason)
    return grid


def _done(snapshot: Snapshot) -> str:
    """How many trials of how many."""
    if snapshot.planned is None:
        return counted(snapshot.done, "trial")
    about = "" if snapshot.planned.is_exact else "about "
    return f"{snapshot.done} of {about}{max(snapshot.planned.expected, snapshot.done)} trials"


def _times(snapshot: Snapshot, age: float) -> str:
    before = f" (all runs {duration(snapshot.before + snapshot.seconds + age)})" if snapshot.before else ""
    left = snapshot.seconds_left
    ahead = "" if left is None else f", about {duration(max(0.0, left - age))} left"
    return f"{duration(snapshot.seconds + age)} so far{before}{ahead}"


def _finished(arm: ArmProgress) -> int:
    return arm.complete + arm.pruned + arm.failed


def _of(arm: ArmProgress) -> str:
    """Trials of an arm: of how many, or of about how many."""
    return str(_finished(arm)) if arm.planned is None else f"{_finished(arm)}/{_about(arm.planned)}"


def _about(count: Count) -> str:
    return f"{'' if count.is_exact else '~'}{count.expected}"


def _running(trials: Sequence[RunningTrial]) -> str:
    """A few of them, each with its members and epochs."""
    shown = [_members(one.members, 2) + _epoch(one) for one in trials[:SHOWN]]
    rest = len(trials) - len(shown)
    return ", ".join([*shown, f"{rest} more"] if rest else shown)


def _epoch(one: RunningTrial) -> str:
    return f" (epoch {one.epoch}/{one.epochs})" if one.epochs else ""


def _members(members: Sequence[str], shown: int) -> str:
    """Tasks that train together, abridged.

    >>> _members(("age", "cost", "stay"), 2), _members(("age", "cost"), 2)
    ('age + 2 more', 'age + cost')
    """
    if len(members) > shown:
        members = [*members[: shown - 1], f"{len(members) - shown + 1} more"]
    return " + ".join(members)
