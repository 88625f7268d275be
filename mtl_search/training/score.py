"""Score: what the best epoch of a trial is chosen by, and what the sampler maximises."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mtl_search.records import MetricKind, gains, mean_gain

__all__ = ["Score"]


@dataclass(frozen=True, slots=True)
class Score:
    """From the validation values of a network to one number, higher is better.

    ``metrics`` has the default metric of each main task, ``references`` the known ones of their single-task
    references, NaN if one cannot be divided by; ``weights`` says how much a task counts, 1 by default. If
    every main member has a reference, and one of them a gain, the score is the mean gain in percent.
    Otherwise (the single-task trials themselves, or a network trained outside a sweep) it is the mean of the
    signed metrics, which compares networks of one member set. The mappings are copied: what a trial is judged
    by does not change while it trains.
    """

    metrics: Mapping[str, MetricKind]
    references: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("metrics", "references", "weights"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[type, tuple[dict[str, MetricKind], dict[str, float], dict[str, float]]]:
        """Mapping proxies cannot be pickled."""
        return Score, (dict(self.metrics), dict(self.references), dict(self.weights))

    def gains(self, values: Mapping[str, float]) -> dict[str, float]:
        """Gain in percent of each main task in ``values``; NaN if it has no usable reference."""
        return gains(values, self.references, self.metrics)

    def __call__(self, values: Mapping[str, float]) -> float:
        """The score of ``values``; NaN if that of a main member is not a number, or there is none."""
        found = self.gains(values)
        if not all(math.isfinite(values[task]) for task in found):
            return math.nan
        if all(task in self.references for task in found):
            mean = mean_gain(found, self.weights)
            if math.isfinite(mean):
                return mean
        signed = [self.metrics[task].signed(values[task]) for task in found]
        return sum(signed) / len(signed) if signed else math.nan
