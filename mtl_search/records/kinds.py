"""The words that tables and packages share, and what a metric is: its direction, and gains in it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["MetricKind", "Phase", "Role", "Split", "TrialState", "gains", "mean_gain"]


class Role(StrEnum):
    """Whether a task counts in delta_m (main) or is trained only to help others (auxiliary)."""

    MAIN = "main"
    AUXILIARY = "auxiliary"


class Split(StrEnum):
    """Which rows: fitted on, selected on, or read once in the confirmation."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


class Phase(StrEnum):
    """Which part of a sweep a trial belongs to."""

    SEARCH = "search"
    REPLICATION = "replication"
    CONFIRMATION = "confirmation"


class TrialState(StrEnum):
    """How a trial ended: trained to its end, stopped early by the pruner, or with an error."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MetricKind:
    """A metric and its direction.

    ``floor``: if it is set, a reference of at most this has no relative gain (R2 of a model no better than
    the mean, say), since dividing by it would turn noise into percent.
    """

    name: str
    higher_is_better: bool
    floor: float = 0.0

    def gain(self, value: float, reference: float) -> float:
        """Relative improvement of ``value`` over ``reference`` in percent, positive is better.

        One term of delta_m (Maninis et al. 2019, eq. 1, sign turned so that positive is better). NaN if
        the reference is zero or at most ``floor``, or if either is not finite.

        >>> MetricKind("rmse", higher_is_better=False).gain(0.75, reference=1.0)
        25.0
        """
        if not (math.isfinite(value) and self.has_gains_over(reference)):
            return math.nan
        return self.signed(100.0 * (value - reference) / abs(reference))

    def has_gains_over(self, reference: float) -> bool:
        """Whether gains over ``reference`` are defined."""
        return math.isfinite(reference) and reference != 0 and (self.floor <= 0 or reference > self.floor)

    def signed(self, value: float) -> float:
        """``value`` turned so that higher is better."""
        return value if self.higher_is_better else -value


def mean_gain(gains: Mapping[str, float], weights: Mapping[str, float] | None = None) -> float:
    """The mean of the gains that are defined, by task, NaN if none is.

    ``weights`` says how much a task counts, 1 if it is not named: tasks that are one and the same can
    share a weight, so that delta_m does not count their gain several times.

    >>> mean_gain({"age": 4.0, "cost": 1.0, "stay": math.nan}, weights={"cost": 0.5})
    3.0
    """
    counted = {task: 1.0 if weights is None else weights.get(task, 1.0) for task in gains}
    defined = [(gain, counted[task]) for task, gain in gains.items() if math.isfinite(gain)]
    total = sum(weight for _, weight in defined)
    return sum(gain * weight for gain, weight in defined) / total if defined else math.nan


def gains(
    values: Mapping[str, float], references: Mapping[str, float], metrics: Mapping[str, MetricKind]
) -> dict[str, float]:
    """The gain in percent of each of ``values`` that has a metric; NaN, never zero, if it is undefined."""
    return {
        task: metrics[task].gain(value, references.get(task, math.nan))
        for task, value in values.items()
        if task in metrics
    }
