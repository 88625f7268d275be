"""Means and standard deviations of what stands at the steps of rows, however the rows are read."""

# N rows, S steps of all rows together, C channels

from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moments"]

ROUNDING = 1e-12


@final
class Moments:
    """The mean and the standard deviation of each channel, to the bit the same in whatever parts rows come.

    Each row is added up by itself, and the rows one after the other. Values are taken from the first step, as
    a number near the mean: so squares lose no digits.
    """

    def __init__(self, start_C: NDArray[np.float64]) -> None:
        self.start_C, self.n_steps = start_C.copy(), 0
        self.channels = len(start_C)
        self.sums_2C = np.zeros((2, self.channels))

    def add(self, values_SC: NDArray[np.float64], lengths_N: NDArray[np.int64]) -> None:
        """The steps of rows of these lengths, none of them 0."""
        values_SC -= self.start_C
        starts_N = np.cumsum(lengths_N) - lengths_N
        rows_N2C = np.stack([np.add.reduceat(of, starts_N) for of in (values_SC, np.square(values_SC))], 1)
        self.sums_2C = np.cumsum(np.concatenate([self.sums_2C[None], rows_N2C]), axis=0)[-1]
        self.n_steps += len(values_SC)

    def means_and_scales(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The scale of a channel that never changes is 1."""
        means_C, squares_C = self.sums_2C / self.n_steps
        scales_C = np.sqrt(np.maximum(squares_C - np.square(means_C), 0.0))
        scales_C[scales_C <= ROUNDING * np.abs(self.start_C)] = 1.0
        return tuple((self.start_C + means_C).tolist()), tuple(scales_C.tolist())
