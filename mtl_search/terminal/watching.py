"""What looks on while a sweep runs: the live view and the live page."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import final

from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.search import Executor, Snapshot, Watch
from mtl_search.sweep import SweepSpec
from mtl_search.terminal.live import LiveView
from mtl_search.terminal.live_page import LivePage
from mtl_search.terminal.words import plain_console

__all__ = ["Watches", "watching"]


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch]:
    """The watch of a run: the live page and, unless it is to be quiet, the live view."""
    with ExitStack() as stack:
        watches: list[Watch] = [stack.enter_context(LivePage())]
        if not quiet:
            watches.append(stack.enter_context(LiveView(plain_console())))
        yield Watches(*watches)


@final
class Watches(Watch):
    """Several watches as one."""

    def __init__(self, *watches: Watch) -> None:
        self._watches = watches

    @override
    def started(self, spec: SweepSpec, dataset: Dataset, executor: Executor, path: Path) -> None:
        for watch in self._watches:
            watch.started(spec, dataset, executor, path)

    @override
    def edited(self, changes: Sequence[str]) -> None:
        for watch in self._watches:
            watch.edited(changes)

    @override
    def waiting(self, why: str) -> None:
        for watch in self._watches:
            watch.waiting(why)

    @override
    def changed(self, snapshot: Snapshot) -> None:
        for watch in self._watches:
            watch.changed(snapshot)

    @override
    def stopping(self) -> None:
        for watch in self._watches:
            watch.stopping()

    @override
    def ended(self, seconds: float, predicted: float | None) -> None:
        for watch in self._watches:
            watch.ended(seconds, predicted)
