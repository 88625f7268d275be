"""Gains and delta_m: what a design is worth, in percent over single-task training."""

from collections.abc import Mapping

from mtl_search.records import MetricKind, mean_gain

__all__ = ["delta_m", "gains"]


def gains(
    values: Mapping[str, float], references: Mapping[str, float], metrics: Mapping[str, MetricKind]
) -> dict[str, float]:
    """The gain of each entry of ``metrics`` in percent, positive is better.

    NaN, never zero, where it is undefined: the entry has no value or no reference, one of them is not
    finite, or the reference is zero or at most the metric's floor (R2 of a reference that explains nothing).
    """
    return {
        name: metric.gain(values.get(name, float("nan")), references.get(name, float("nan")))
        for name, metric in metrics.items()
    }


def delta_m(
    values: Mapping[str, float],
    references: Mapping[str, float],
    metrics: Mapping[str, MetricKind],
    weights: Mapping[str, float] | None = None,
) -> float:
    """The mean of the gains that are defined, weighted by task (1 where not named), NaN where none is.

    Maninis et al. 2019, with positive as better; many papers print it with the other sign.

    >>> metrics = {"ward": MetricKind("accuracy", True), "age": MetricKind("rmse", False)}
    >>> delta_m({"ward": 0.9, "age": 8.0}, {"ward": 0.8, "age": 10.0}, metrics)
    16.25
    """
    return mean_gain(gains(values, references, metrics), weights)
