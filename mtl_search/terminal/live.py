"""The live view of a sweep: progress, arms, time left; plain lines if the output is no terminal."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from mtl_search.analysis.verdict_words import percent
from mtl_search.data import Dataset
from mtl_search.search import Executor, Snapshot, Watch
from mtl_search.sweep import SweepSpec
from mtl_search.terminal.words import duration, plain_console, plain_table

__all__ = ["LiveView", "draw", "watching"]

LINE_EVERY = 10.0  # seconds between two lines if the output is a file


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch]:
    """The watch of a run: the live view, or one that shows nothing."""
    if quiet:
        yield Watch()
        return
    view = LiveView(plain_console())
    with view:
        yield view


@final
class LiveView(Watch):
    """Shows each snapshot as it comes; redraws four times a second so that the clock runs on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._snapshot: Snapshot | None = None
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4, transient=True)
        self._received = self._printed = time.monotonic()

    def __enter__(self) -> "LiveView":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    @override
    def started(self, spec: SweepSpec, dataset: Dataset, executor: Executor, path: Path) -> None:
        print_ = self._console.print
        rows = f"{len(dataset.train):,} train and {len(dataset.valid):,} valid rows"
        counts = f"{rows}, {len(dataset.tasks)} tasks, {executor.slots} trials at a time"
        print_(Text.assemble((spec.settings.name, "bold"), f": {counts}"))
        for warning in dataset.warnings:
            print_(Text.assemble(("note:", "yellow"), f" {warning}"))
        dashboard = f", Ray dashboard at http://{executor.dashboard}" if executor.dashboard else ""
        print_(f"results in {path}{dashboard}", soft_wrap=True)

    @override
    def changed(self, snapshot: Snapshot) -> None:
        self._snapshot, self._received = snapshot, time.monotonic()
        if not self._console.is_terminal and self._received - self._printed >= LINE_EVERY:
            self._printed = self._received
            self._console.print(_line(snapshot), soft_wrap=True)

    def _render(self) -> RenderableType:
        if self._snapshot is None:
            return Text("starting ...", style="dim")
        return draw(self._snapshot, time.monotonic() - self._received)


def draw(snapshot: Snapshot, age: float) -> RenderableType:
    """The view of ``snapshot``, taken ``age`` seconds ago."""
    table = plain_table()
    for title in ("arm", "trials", "running", "pruned", "failed", "best design"):
        table.add_column(title, justify="left" if title == "arm" else "right")
    for arm in snapshot.arms:
        finished = arm.complete + arm.pruned + arm.failed
        table.add_row(
            arm.name,
            f"{finished}/{arm.planned}" if arm.planned is not None else str(finished),
            str(arm.running or ""),
            str(arm.pruned or ""),
            Text(str(arm.failed or ""), style="red"),
            percent(arm.best) if finished else "",
            style="" if arm.running else "dim" if not finished else "",
        )
    left = snapshot.seconds_left
    times = f"{duration(snapshot.seconds + age)} so far"
    if left is not None:
        times += f", about {duration(max(0.0, left - age))} left"
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=snapshot.planned, completed=snapshot.done, width=40),
        f"{snapshot.done} trials",
        times,
    )
    note = Text(f"chosen: {snapshot.note}", style="dim") if snapshot.note else Text("")
    return Group(table, bar, note)


def _line(snapshot: Snapshot) -> str:
    arms = ", ".join(
        f"{arm.name} {percent(arm.best)}" for arm in snapshot.arms if arm.complete and math.isfinite(arm.best)
    )
    planned = "" if snapshot.planned is None else f" of {snapshot.planned}"
    left = "" if snapshot.seconds_left is None else f", about {duration(snapshot.seconds_left)} left"
    progress = f"{snapshot.phase}: {snapshot.done}{planned} trials, {duration(snapshot.seconds)} so far{left}"
    return f"{progress}; best designs: {arms or 'none yet'}"
