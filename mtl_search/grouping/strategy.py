"""Which tasks train together next: the abstract strategy, and what every strategy needs.

A `GroupingStrategy` is asked before each trial. It keeps no state: what it proposes follows from its seed,
from what was measured and from what is running, so a sweep that is resumed goes on as if it had never
stopped.
"""

import itertools
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from mtl_search.grouping.member_space import Members, MemberSpace

__all__ = [
    "GroupingStrategy",
    "Measurement",
    "Proposal",
    "draw_least_trained",
    "left_alone",
    "times_trained",
]


FAILURES = 3  # in a row, with different hyperparameters, after which a set is left alone


@final
@dataclass(frozen=True, slots=True)
class Measurement:
    """One finished trial: the gains of its main members in percent, NaN if undefined, none if it failed.

    ``n_params``: the size of its network, 0 if it is not known; so are the ``seconds`` its training took.
    """

    members: Members
    gains: Mapping[str, float]
    failed: bool = False
    n_params: int = 0
    seconds: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class Proposal:
    """The members to train next, why in one word, and a note for the live view.

    ``expected``: what one training is believed to show for each main member, as the mean gain and its
    standard deviation in percent, of a strategy that believes something.
    """

    members: Members
    reason: str
    note: str = ""
    expected: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """Reason and note as one text."""
        return " ".join(filter(None, (self.reason, self.note)))


class GroupingStrategy(ABC):
    """Says which members to train next."""

    @abstractmethod
    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """The next set, given all trials finished so far, in order, and the sets in training now.

        No members if every set failed so often that it is left alone (`left_alone`).
        """


def times_trained(measured: Sequence[Measurement], running: Sequence[Members]) -> Counter[Members]:
    """How often each set was trained or is in training."""
    return Counter(itertools.chain((m.members for m in measured), running))


def left_alone(measured: Sequence[Measurement]) -> frozenset[Members]:
    """The sets whose last trainings all failed, `FAILURES` in a row."""
    in_a_row: Counter[Members] = Counter()
    for one in measured:
        in_a_row[one.members] = in_a_row[one.members] + 1 if one.failed else 0
    return frozenset(members for members, times in in_a_row.items() if times >= FAILURES)


def draw_least_trained(
    space: MemberSpace,
    seen: Mapping[Members, int],
    rng: np.random.Generator,
    failing: Collection[Members] = (),
) -> Members:
    """A set among those trained least often, all equally likely; empty if all of them are ``failing``."""
    listed = space.listed()
    if listed is None:  # far more sets than trials: an untrained one is found at once
        return next(m for m in iter(lambda: space.draw(rng), None) if m not in seen)
    rest = [m for m in listed if m not in failing]
    fewest = min((seen.get(m, 0) for m in rest), default=0)
    least = [m for m in rest if seen.get(m, 0) == fewest]
    return least[rng.integers(len(least))] if least else ()
