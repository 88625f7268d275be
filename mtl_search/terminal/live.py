"""The live view of a sweep: progress, arms, time left; plain lines if the output is no terminal."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import final

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text
from typing_extensions import override

from mtl_search.analysis.verdict_words import counted
from mtl_search.data import Dataset
from mtl_search.leaderboard import place_of
from mtl_search.search import Dashboard, Executor, Snapshot, Watch
from mtl_search.sweep import SweepSpec
from mtl_search.terminal.progress import draw, line
from mtl_search.terminal.words import duration

__all__ = ["LiveView", "found"]

LINE_EVERY = 30.0  # seconds between two lines if the output is no terminal
STOPPING = "stopping; a second Ctrl-C stops at once (what was recorded is kept)"


@final
class LiveView(Watch):
    """Shows each snapshot as it comes; redraws four times a second so that the clock runs on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._snapshot: Snapshot | None = None
        self._stopping, self._waiting = False, ""
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
        print_ = self._print
        rows = f"{len(dataset.train):,} train and {len(dataset.valid):,} valid rows"
        counts = (
            f"{rows}, {counted(len(dataset.tasks), 'task')}, {counted(executor.slots, 'trial')} at a time"
        )
        print_(Text.assemble((spec.settings.name, "bold"), f": {counts}"))
        for shape in dataset.input_shape.others:
            print_(f"{shape.column}: {shape.kind}, {shape.what}")
        for warning in dataset.warnings:
            print_(Text.assemble(("note:", "yellow"), f" {warning}"))
        print_(f"results in {place_of(path)}", soft_wrap=True)
        if executor.dashboard is not None:
            print_(found(executor.dashboard), soft_wrap=True)

    @override
    def edited(self, changes: Sequence[str]) -> None:
        for change in changes:
            self._print(Text.assemble(("changed since:", "yellow"), f" {change}"))

    @override
    def waiting(self, why: str) -> None:
        if not self._console.is_terminal and self._waiting != why:
            self._print(why, soft_wrap=True)
        self._waiting = why

    @override
    def changed(self, snapshot: Snapshot) -> None:
        self._snapshot, self._received, self._waiting = snapshot, time.monotonic(), ""
        if not self._console.is_terminal and self._received - self._printed >= LINE_EVERY:
            self._printed = self._received
            self._print(line(snapshot), soft_wrap=True)

    @override
    def stopping(self) -> None:
        self._stopping = True
        if not self._console.is_terminal:
            self._print(STOPPING, soft_wrap=True)

    @override
    def ended(self, seconds: float, predicted: float | None) -> None:
        said = "" if predicted is None else f" (predicted at a third: {duration(predicted)})"
        self._print(f"took {duration(seconds)}{said}", soft_wrap=True)

    def _print(self, text: Text | str, *, soft_wrap: bool = False) -> None:
        """That a reader has left (head, a closed less) is no reason to stop a sweep."""
        with suppress(BrokenPipeError):
            self._console.print(text, soft_wrap=soft_wrap)

    def _render(self) -> RenderableType:
        if self._stopping:
            return Text(STOPPING, style="yellow")
        if self._waiting:
            return Text(self._waiting, style="yellow")
        if self._snapshot is None:
            return Text("starting ...", style="dim")
        return draw(self._snapshot, time.monotonic() - self._received)


def found(dashboard: Dashboard) -> str:
    """Where Ray's dashboard is and how to get past its first page, or why there is none.

    >>> found(Dashboard("http://127.0.0.1:8265"))
    'Ray dashboard: http://127.0.0.1:8265 (its token: ray get-auth-token)'
    >>> found(Dashboard("", missing="aiohttp is not installed"))
    'no Ray dashboard: aiohttp is not installed'
    """
    if dashboard.missing:
        return f"no Ray dashboard: {dashboard.missing}"
    return f"Ray dashboard: {dashboard.url}" + " (its token: ray get-auth-token)" * dashboard.token
