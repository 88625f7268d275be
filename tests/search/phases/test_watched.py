"""A watched source: what is heard of it, and that it is as if nobody looked."""

from collections.abc import Callable
from typing import Any

from mtl_search.search.phases.watched import Watched, Watcher


def test_every_start_epoch_end_and_interruption_is_heard_of(bench: Callable[..., Any]) -> None:
    b = bench()
    source = b.open()
    heard: list[tuple[str, int]] = []

    def note(what: str) -> None:
        heard.append((what, len(source.running)))

    def worked(ended: bool) -> None:
        note("ended" if ended else "epoch")

    watched = Watched(source, Watcher(lambda: note("started"), worked, lambda: note("stopping")))
    b.run(watched)
    assert len(b.records()) == 15
    for what, count, running in (("started", 15, 1), ("epoch", 30, 1), ("ended", 15, 0)):
        assert heard.count((what, running)) == count
    watched.interrupt()
    assert heard[-1] == ("stopping", 0)
    assert (watched.next(), source.interrupted, len(heard)) == ("done", True, 61)
