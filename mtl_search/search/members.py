"""Which tasks train together next: the question, and three plain answers to it.

A `MemberStrategy` is asked before each trial. It keeps no state of its own: what it proposes follows from
its seed, from what was measured and from what is running, so a sweep that is resumed goes on as if it had
never stopped. The answer that learns is `mtl_search.search.composer.Composer`; these are what it is compared
with.
"""

import itertools
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_search.search.member_space import Members, MemberSpace

__all__ = ["EverySet", "Measurement", "MemberStrategy", "PairsFirst", "Proposal", "RandomSets"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One finished trial: the gains of its main members in percent, NaN where undefined."""

    members: Members
    gains: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The members to train next, why in one word, and a note for the live view."""

    members: Members
    reason: str
    note: str = ""


class MemberStrategy(ABC):
    """Says which members to train next."""

    @abstractmethod
    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """The next set, given all trials finished so far, in order, and the sets in training now."""


class RandomSets(MemberStrategy):
    """Any set, all equally likely, none twice before all were trained once.

    >>> RandomSets(MemberSpace(("age", "cost")), seed=0).propose([], running=[("age",), ("cost",)]).members
    ('age', 'cost')
    """

    def __init__(self, space: MemberSpace, seed: int) -> None:
        self.space, self.seed = space, seed

    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """A set among those trained least often."""
        seen = times_trained(measured, running)
        rng = np.random.default_rng((self.seed, seen.total()))
        return Proposal(draw_least_trained(self.space, seen, rng), "random")


class PairsFirst(MemberStrategy):
    """Every pair of tasks in random order, then any set (Standley et al. 2020 measure the pairs)."""

    def __init__(self, space: MemberSpace, seed: int) -> None:
        self.space, self.seed = space, seed
        self._rest = RandomSets(space, seed)

    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """A pair that was not trained yet, else a random set."""
        seen = times_trained(measured, running)
        pairs = [pair for pair in itertools.combinations(self.space.tasks, 2) if pair in self.space]
        for index in np.random.default_rng(self.seed).permutation(len(pairs)):
            if pairs[index] not in seen:
                return Proposal(pairs[index], "pair")
        return self._rest.propose(measured, running)


class EverySet(MemberStrategy):
    """Every set in turn, small ones first, then each again: for small spaces that are measured whole."""

    def __init__(self, space: MemberSpace) -> None:
        self.space = space

    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """The first of the sets trained least often."""
        seen = times_trained(measured, running)
        for times in itertools.count():
            for members in self.space.sets():
                if seen[members] <= times:
                    return Proposal(members, "enumerate", f"round {times + 1}")
        raise AssertionError("a space is never empty")


def times_trained(measured: Sequence[Measurement], running: Sequence[Members]) -> Counter[Members]:
    """How often each set was trained or is in training."""
    return Counter(itertools.chain((m.members for m in measured), running))


def draw_least_trained(space: MemberSpace, seen: Mapping[Members, int], rng: np.random.Generator) -> Members:
    """A set among those trained least often, all of them equally likely."""
    listed = space.listed()
    if listed is None:  # far more sets than trials: an untrained one is found at once
        return next(m for m in iter(lambda: space.draw(rng), None) if m not in seen)
    fewest = min(seen.get(m, 0) for m in listed)
    least = [m for m in listed if seen.get(m, 0) == fewest]
    return least[rng.integers(len(least))]
