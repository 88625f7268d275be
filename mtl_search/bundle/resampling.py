"""Bootstrap intervals of metrics: what another sample of the same units might have shown."""

# N rows, U sampling units

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "interval", "resampled_rows"]

LEVEL = 0.95
DEFINED = 0.5  # share of resamples in which a metric must be defined, below which there is no interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric's value with its interval; NaN where undefined."""

    value: float
    low: float
    high: float


def resampled_rows(units_N: NDArray[np.int64], times: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """``times`` samples of the rows: as many units as there are, drawn with replacement, each whole."""
    _, code_N = np.unique(units_N, return_inverse=True)
    n_units = int(code_N.max()) + 1
    generator = np.random.default_rng(seed)
    rows_N = np.arange(len(units_N))
    for _ in range(times):
        drawn_U = np.bincount(generator.integers(0, n_units, n_units), minlength=n_units)
        yield rows_N.repeat(drawn_U[code_N])


def interval(value: float, drawn: Sequence[float]) -> Estimate:
    """A value with the percentiles of its values on samples (Efron and Tibshirani 1993)."""
    drawn_R = np.array(drawn)
    defined_R = drawn_R[~np.isnan(drawn_R)]
    if np.isnan(value) or not len(drawn_R) or len(defined_R) < DEFINED * len(drawn_R):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(defined_R, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))
