"""Grouping strategies that learn nothing: what one that does is compared with."""

import itertools
from collections.abc import Sequence
from typing import final

from typing_extensions import override

from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.strategy import (
    GroupingStrategy,
    Measurement,
    Proposal,
    draw_least_trained,
    left_alone,
    times_trained,
)
from mtl_search.seeds import random_stream

__all__ = ["EverySet", "PairsFirst", "RandomSets"]


@final
class RandomSets(GroupingStrategy):
    """Any set, all equally likely, none twice before all were trained once.

    >>> strategy = RandomSets(MemberSpace(("age", "cost")), seed=0)
    >>> strategy.propose([], running=[("age",), ("cost",)]).members
    ('age', 'cost')
    """

    def __init__(self, space: MemberSpace, seed: int) -> None:
        self.space, self.seed = space, seed

    @override
    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        seen = times_trained(measured, running)
        rng = random_stream(self.seed, seen.total())
        members = draw_least_trained(self.space, seen, rng, left_alone(measured))
        return Proposal(members, "random")


@final
class PairsFirst(GroupingStrategy):
    """Every pair of tasks in random order, then any set (Standley et al. 2020 measure the pairs)."""

    def __init__(self, space: MemberSpace, seed: int) -> None:
        self.space, self.seed = space, seed
        self._rest = RandomSets(space, seed)

    @override
    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        seen = times_trained(measured, running)
        pairs = [pair for pair in itertools.combinations(self.space.tasks, 2) if pair in self.space]
        for index in random_stream(self.seed).permutation(len(pairs)):
            if pairs[index] not in seen:
                return Proposal(pairs[index], "pair")
        return self._rest.propose(measured, running)


@final
class EverySet(GroupingStrategy):
    """Every set in turn, small ones first, then each again: for small spaces that are measured whole."""

    def __init__(self, space: MemberSpace) -> None:
        self.space = space

    @override
    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        seen, failing = times_trained(measured, running), left_alone(measured)
        if len(failing) >= self.space.count:
            return Proposal((), "enumerate")
        for times in itertools.count():
            for members in self.space.sets():
                if seen[members] <= times and members not in failing:
                    return Proposal(members, "enumerate", f"round {times + 1}")
        raise AssertionError("one that is not left alone is met")
