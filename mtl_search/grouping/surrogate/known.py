"""What was measured, and sets that are asked about, in the eyes of each task: the same for all experts."""

# M measured sets, C candidate sets, T tasks, F features with shared weights, m and c rows of one task

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from mtl_search.grouping.surrogate.effects import OwnKernel, shared_features, shared_groups, shared_mean

__all__ = ["Known", "Look", "TaskRows"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

PRIOR_ROWS = 4.0  # how many measurements the scale that all tasks share counts for, in the scale of one


@final
@dataclass(frozen=True)
class TaskRows:
    """What was measured of one task: which sets, the gains, and what the effects make of the sets."""

    rows: Ints
    gains_m: Floats  # less what was expected of them
    noise_m: Floats  # as a share of one measurement's noise
    features_mF: Floats
    kernel: OwnKernel


@final
@dataclass(frozen=True)
class Look:
    """Some sets in the eyes of one task: which have it, what is expected, and what they share with others."""

    rows: Ints
    members_cT: Floats
    expected_c: Floats
    features_cF: Floats
    across: OwnKernel | None  # measured sets against these


@final
@dataclass(frozen=True)
class Known:
    """All that was measured, in the units of each task's scale: one may move by ten percent, another by one.

    ``members_MT`` holds 0 and 1; ``gains_MT`` percent, NaN if a task has no gain; ``times_M`` how many
    trainings a row is the mean of. ``again_T`` and ``apart_T``: of each task how many of its trainings were
    not the first of their set, and the sum of squares around what their sets gained. ``affinity_TT`` as
    `standard_affinity` gives it, None if it was not measured.
    """

    members_MT: Floats
    gains_MT: Floats
    times_M: Floats
    affinity_TT: Floats | None = None
    again_T: Floats | None = None
    apart_T: Floats | None = None

    @cached_property
    def repeats(self) -> tuple[float, float]:
        """How many trainings were not the first of their set, and the sum of squares around it, scaled."""
        if self.again_T is None or self.apart_T is None:
            return 0.0, 0.0
        return float(self.again_T.sum()), float((self.apart_T / self.scale_T**2).sum())

    @cached_property
    def scale_T(self) -> Floats:
        """The root mean square gain of each task, drawn towards that of all if few were measured."""
        together_M = self.members_MT.sum(axis=1) > 1  # a task on its own gains nothing, whatever its scale
        gains_MT = self.gains_MT[together_M] if together_M.any() else self.gains_MT
        defined_MT = ~np.isnan(gains_MT)
        if not defined_MT.any():
            return np.ones(gains_MT.shape[1])
        squares_MT = np.where(defined_MT, gains_MT, 0.0) ** 2
        overall = squares_MT.sum() / defined_MT.sum() + 1e-12
        n_T = defined_MT.sum(axis=0)
        return np.asarray(np.sqrt((squares_MT.sum(axis=0) + PRIOR_ROWS * overall) / (n_T + PRIOR_ROWS)))

    @cached_property
    def groups_F(self) -> Ints:
        """Which effect of `SHARED` each feature belongs to."""
        return shared_groups(self.members_MT.shape[1], len(self.members_MT))

    @cached_property
    def tasks(self) -> tuple[TaskRows | None, ...]:
        """Of each task what was measured; None if nothing was."""
        return tuple(map(self._rows_of, range(self.members_MT.shape[1])))

    def look(self, members_CT: Floats) -> tuple[Look, ...]:
        """What the tasks see of sets that are only imagined."""
        return tuple(self._look_at(members_CT, task) for task in range(members_CT.shape[1]))

    def _rows_of(self, task: int) -> TaskRows | None:
        rows = np.flatnonzero(~np.isnan(self.gains_MT[:, task]))
        if not rows.size:
            return None
        members_mT, times_m = self.members_MT[rows], self.times_M[rows]
        n_sets = len(self.members_MT)
        features_mF = shared_features(members_mT, task, rows, times_m, n_sets, self.affinity_TT)
        expected_m = shared_mean(features_mF, self.groups_F)
        gains_m = self.gains_MT[rows, task] / self.scale_T[task] - expected_m
        kernel = OwnKernel(members_mT, members_mT, task)
        return TaskRows(rows, gains_m, 1 / times_m, features_mF, kernel)

    def _look_at(self, members_CT: Floats, task: int) -> Look:
        rows = np.flatnonzero(members_CT[:, task])
        members_cT, data, n_sets = members_CT[rows], self.tasks[task], len(self.members_MT)
        features_cF = shared_features(members_cT, task, None, np.ones(len(rows)), n_sets, self.affinity_TT)
        across = None if data is None else OwnKernel(self.members_MT[data.rows], members_cT, task)
        return Look(rows, members_cT, shared_mean(features_cF, self.groups_F), features_cF, across)
