"""Another node for what was lost on one: nodes differ in what kills their workers, memory above all."""

from collections.abc import Callable, Sequence
from typing import final

from mtl_search.search.executors.kept import key_of
from mtl_search.search.jobs import Job

__all__ = ["Elsewhere"]

MOST = 64  # refusals of a pack, after which any node is good


@final
class Elsewhere:
    """Which nodes a pack is not for, and packs that a worker there has handed back untouched.

    Tune gives a trial to whichever worker it likes, and to ask Ray for a place on other nodes alone may wait
    for ever, since the workers that are there keep theirs between trials. So a worker that is given a pack
    which its node has lost hands it back, and the next pack that is asked for is another one if there is any.
    It is refused as often as there are ``slots``, by which time every idle worker has been asked: with none
    elsewhere it stays. ``others``: whether a node that is none of these could train it.
    """

    def __init__(self, others: Callable[[frozenset[str]], bool] = lambda nodes: False) -> None:
        self._others = others
        self._lost: dict[str, set[str]] = {}  # by what is trained: where
        self._refused: dict[str, int] = {}
        self._back: list[Sequence[Job]] = []
        self._others_first = False

    def lose(self, job: Job, node: str) -> None:
        """Note that ``job`` was lost on ``node``; "" if nobody knows where."""
        if node:
            self._lost.setdefault(key_of(job), set()).add(node)

    def forget(self, job: Job) -> None:
        """It has ended."""
        self._lost.pop(key_of(job), None)
        self._refused.pop(key_of(job), None)

    def avoided(self, pack: Sequence[Job], slots: int) -> frozenset[str]:
        """The nodes whose workers are to hand ``pack`` back."""
        nodes = frozenset[str]().union(*(self._lost.get(key_of(job), ()) for job in pack))
        refused = max(self._refused.get(key_of(job), 0) for job in pack)
        return nodes if nodes and refused < min(slots, MOST) and self._others(nodes) else frozenset()

    def hand_back(self, pack: Sequence[Job]) -> None:
        """Take a pack from a worker that refused it."""
        for job in pack:
            self._refused[key_of(job)] = self._refused.get(key_of(job), 0) + 1
        self._back.append(pack)
        self._others_first = True

    def next(self) -> Sequence[Job] | None:
        """A pack that was handed back, if it is its turn: not at once to the worker that refused it."""
        if self._others_first or not self._back:
            self._others_first = False
            return None
        return self._back.pop(0)

    def any(self) -> Sequence[Job] | None:
        """The same if there is nothing else to train."""
        self._others_first = False
        return self._back.pop(0) if self._back else None
