"""Gains that trust a network less the less often it was seen, so that no lucky outlier wins."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from mtl_search.design.compose import Candidate

__all__ = ["shrink"]

_MAD_TO_DEVIATION = 1.4826  # of a normal distribution


def shrink(candidates: Sequence[Candidate], noise: Mapping[str, float]) -> tuple[Candidate, ...]:
    """The candidates with each gain drawn towards the median of its task, the more the rarer it was seen.

    ``noise`` is the standard deviation of a task's gain between seeds, in percent; a task without one keeps
    its gains. A gain keeps the part ``s^2 / (s^2 + noise^2 / n_seen)`` of its distance from the median, where
    ``s^2`` is what noise leaves unexplained of the spread between networks: empirical Bayes (Efron and Morris
    1975), with median and MAD, so that a few networks that learned nothing do not widen the spread.

    >>> seen = [Candidate(k, {"x": x}, 1, n_seen=n) for k, x, n in [("a", 0, 9), ("b", 8, 1), ("c", -8, 9)]]
    >>> [round(candidate.gains["x"], 1) for candidate in shrink(seen, {"x": 4.0})]
    [0.0, 7.1, -7.9]
    """
    priors = {task: _Prior.of(candidates, task, deviation) for task, deviation in noise.items()}
    return tuple(
        replace(
            candidate,
            gains={
                task: priors[task].shrink(gain, candidate.n_seen) if task in priors else gain
                for task, gain in candidate.gains.items()
            },
        )
        for candidate in candidates
    )


@dataclass(frozen=True, slots=True)
class _Prior:
    """What the gains of a task look like over all networks, and how noisy one measurement is."""

    centre: float
    between: float  # variance between networks
    within: float  # variance between seeds

    @classmethod
    def of(cls, candidates: Sequence[Candidate], task: str, noise: float) -> "_Prior":
        measured = [c for c in candidates if math.isfinite(c.gains.get(task, math.nan))]
        if not measured:
            return cls(0.0, 0.0, 0.0)
        centre = median(c.gains[task] for c in measured)
        spread = _MAD_TO_DEVIATION * median(abs(c.gains[task] - centre) for c in measured)
        explained = noise**2 * fmean(1.0 / c.n_seen for c in measured)
        return cls(centre, max(0.0, spread**2 - explained), noise**2)

    def shrink(self, gain: float, n_seen: int) -> float:
        within = self.within / n_seen
        if within == 0.0 or not math.isfinite(gain):
            return gain
        return self.centre + (gain - self.centre) * self.between / (self.between + within)
