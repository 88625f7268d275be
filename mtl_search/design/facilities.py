"""A facility-location problem: what there is to choose from, and what a choice is worth."""

# N networks, T tasks

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Facilities"]

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Facilities:
    """Per network its gain for each task, its own cost, and what it takes of the budget.

    A gain of ``-inf``: does not serve that task. ``index_N`` names the networks; a choice is some of those.
    """

    index_N: NDArray[np.intp]
    gains_NT: Floats
    costs_N: Floats
    shares_N: Floats

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Facilities":
        """Some of them, by mask or position."""
        return Facilities(
            index_N=self.index_N[which],
            gains_NT=self.gains_NT[which],
            costs_N=self.costs_N[which],
            shares_N=self.shares_N[which],
        )

    def value(self, chosen: Sequence[int]) -> float:
        """The sum over tasks of the best gain among the chosen, less their costs; ``-inf`` for no choice."""
        here_N = np.isin(self.index_N, chosen)
        return float(self.gains_NT[here_N].max(axis=0, initial=-np.inf).sum() - self.costs_N[here_N].sum())
