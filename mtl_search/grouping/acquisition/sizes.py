"""How large the networks of sets of tasks are, or how long they train: measured, else predicted."""

# R trainings, M measured sets, C candidate sets, Q quantiles

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from mtl_search.grouping.member_space import Members
from mtl_search.grouping.strategy import Measurement

__all__ = ["Sizes", "affordable"]

Floats = npt.NDArray[np.float64]

QUANTILES = (-0.9674, 0.0, 0.9674)  # standard normal, at 1/6, 1/2 and 5/6: each stands for a third


@final
@dataclass(frozen=True)
class Sizes:
    """Sizes as a power of the number of members, between 0 (all is shared) and 1 (nothing is).

    What is searched besides the members (widths, depths, sharing) makes networks of one set differ,
    so that the next one's size is known up to a spread: that of the trainings around the power law. A set
    departs from it by the mean of its own trainings' departures, drawn towards none as if by one training
    more.

    >>> known = [Measurement(("a",), {}, n_params=100), Measurement(("a", "b"), {}, n_params=150)]
    >>> sizes = Sizes.gather(known)
    >>> sizes.smallest([("a", "b"), ("b", "c")]).round().tolist()
    [150.0, 150.0]
    """

    trainings: dict[Members, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def gather(cls, measured: Sequence[Measurement]) -> "Sizes":
        """Of all trainings whose size is known, failed ones among them."""
        return cls._of([(one.members, one.n_params) for one in measured])

    @classmethod
    def seconds(cls, measured: Sequence[Measurement]) -> "Sizes":
        """How long trainings that succeeded took."""
        return cls._of([(one.members, one.seconds) for one in measured if not one.failed])

    @classmethod
    def _of(cls, found: Sequence[tuple[Members, float]]) -> "Sizes":
        trainings: dict[Members, tuple[float, ...]] = {}
        for members, size in found:
            if size > 0:
                trainings[members] = (*trainings.get(members, ()), size)
        return cls(trainings)

    def smallest(self, sets: Sequence[Members]) -> Floats:
        """The smallest network of each set, which a design would take if room is short; else the middle
        of what is predicted."""
        predicted_C = np.exp(self._predicted(sets))
        found = [min(self.trainings.get(members, ()), default=math.nan) for members in sets]
        return np.where(np.isnan(found), predicted_C, found)

    def next_ones(self, sets: Sequence[Members]) -> Floats:
        """Equally likely sizes of the next network of each set, a row a quantile; one row if they are
        all but certain."""
        quantiles_Q = np.array(QUANTILES if self._law[2] > 1e-3 else (0.0,))
        return np.exp(self._predicted(sets) + self._law[2] * quantiles_Q[:, None])

    def _predicted(self, sets: Sequence[Members]) -> Floats:
        """The logarithm of the size expected of each set's next network."""
        base, slope, _ = self._law
        expected_C = np.array([base + slope * math.log(len(members)) for members in sets])
        for at, members in enumerate(sets):
            if own := self.trainings.get(members):
                apart = sum(math.log(size) - expected_C[at] for size in own)
                expected_C[at] += apart / (len(own) + 1)
        return expected_C

    @cached_property
    def _law(self) -> tuple[float, float, float]:
        """Where the power law starts, its exponent, and the spread around it, all of logarithms."""
        found = [(len(members), size) for members, sizes in self.trainings.items() for size in sizes]
        if not found:
            return -math.inf, 0.0, 0.0  # nothing is known: everything fits
        members_R, sizes_R = np.log(np.array(found, dtype=float)).T
        apart_R = members_R - members_R.mean()
        square = float(apart_R @ apart_R)
        slope = min(1.0, max(0.0, float(apart_R @ sizes_R) / square)) if square else 0.0
        base = float(sizes_R.mean() - slope * members_R.mean())
        rest_R = sizes_R - base - slope * members_R
        return base, slope, float(np.sqrt(rest_R @ rest_R / max(1, len(found) - 2)))


def affordable(measured: Sequence[Measurement], max_params: int) -> list[Measurement]:
    """The measurements without the networks too large for any design, of sets that have others.

    No design can have what such a network gains, so it must not make its set look good. If a set has no
    others, they still show which tasks go together.
    """
    fitting = {one.members for one in measured if not one.failed and one.n_params <= max_params}
    return [one for one in measured if one.n_params <= max_params or one.members not in fitting]
