"""The measurements of each set of tasks, taken together: one row a set."""

# M measured sets, T tasks

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from mtl_search.grouping.member_space import Members
from mtl_search.grouping.strategy import Measurement

__all__ = ["SetEvidence", "member_matrix"]

Floats = npt.NDArray[np.float64]

NORMAL = 0.6744897501960817  # median absolute deviation of a standard normal


@final
@dataclass(frozen=True)
class SetEvidence:
    """The distinct sets in the order they were first met, what each gains, and how often each was trained.

    A set gains the mean of the better half of its trainings (``times_M`` of ``trained_M``): a design has the
    best network of each set, so hyperparameters that do badly are not the fault of the tasks. Trainings of a
    set with exactly the same gains count as one that was looked up again. ``repeated`` are the sets of which
    nothing new is to be expected: at least one training in three was looked up. If that holds for a set with
    the most distinct trainings of all, it is taken to hold for every set with as many, as in a table with
    equally many trainings of each set. ``again_MT`` says how many trainings of a set there are beyond the
    first, and ``apart_MT`` how far they are apart: the sum of squares around their mean, by the median
    absolute deviation, so that one that diverged does not count. ``failed`` are the sets of trainings that
    failed, each as often as it did; they have no row unless another training succeeded.

    >>> twice = [Measurement(("a", "b"), {"a": 2.0}), Measurement(("a", "b"), {"a": 4.0})]
    >>> evidence = SetEvidence.gather(twice, ("a", "b"))
    >>> evidence.gains_MT, evidence.times_M, evidence.trained_M
    (array([[ 4., nan]]), array([1.]), array([2.]))
    """

    sets: tuple[Members, ...]
    members_MT: Floats
    gains_MT: Floats
    times_M: Floats
    trained_M: Floats
    again_MT: Floats
    apart_MT: Floats
    repeated: frozenset[Members]
    failed: tuple[Members, ...] = ()

    @property
    def repeats(self) -> tuple[Floats, Floats]:
        """Of sets of several tasks: how many trainings of each task were not the first of their set, and how
        far trainings of a set are apart, summed."""
        several_M = self.members_MT.sum(axis=1) > 1
        return self.again_MT[several_M].sum(axis=0), self.apart_MT[several_M].sum(axis=0)

    @classmethod
    def gather(cls, measured: Sequence[Measurement], tasks: Members) -> "SetEvidence":
        """All measurements; NaN if a task has no gain."""
        failed = tuple(one.members for one in measured if one.failed)
        measured = [one for one in measured if not one.failed]
        by_set: dict[Members, dict[tuple[float | None, ...], None]] = {}
        for one in measured:
            gains = (one.gains.get(task, math.nan) for task in tasks)
            key = tuple(gain if math.isfinite(gain) else None for gain in gains)
            by_set.setdefault(one.members, {})[key] = None
        rows = [np.array(list(trainings), dtype=float) for trainings in by_set.values()]
        kept = [_better_half(row) for row in rows]
        again_MT = np.array([np.maximum((~np.isnan(row)).sum(axis=0) - 1.0, 0.0) for row in rows])
        again_MT = again_MT.reshape(-1, len(tasks))
        looked_up = Counter(one.members for one in measured)
        looked_up.subtract({members: len(trainings) for members, trainings in by_set.items()})
        repeated = frozenset(m for m, trainings in by_set.items() if 2 * looked_up[m] >= len(trainings))
        most = max(map(len, rows), default=0)
        settled = frozenset(m for m, trainings in by_set.items() if len(trainings) == most)
        if repeated & settled:
            repeated |= settled
        return cls(
            tuple(by_set),
            member_matrix(list(by_set), tasks),
            np.array([_gains(row, half) for row, half in zip(rows, kept, strict=True)]).reshape(
                -1, len(tasks)
            ),
            np.array([float(len(row)) for row in kept]),
            np.array([float(len(row)) for row in rows]),
            again_MT,
            again_MT * np.array([_robust_variance(row) for row in rows]).reshape(-1, len(tasks)),
            repeated,
            failed,
        )


def member_matrix(sets: Sequence[Members], tasks: Members) -> Floats:
    """A row for each set, 1 if a task is a member."""
    return np.array([[float(task in members) for task in tasks] for members in sets]).reshape(-1, len(tasks))


def _better_half(rows_RT: Floats) -> Floats:
    """The trainings with the highest mean gains, half of them or one more."""
    n_T = np.maximum((~np.isnan(rows_RT)).sum(axis=1), 1)
    order_R = np.argsort(-np.nansum(rows_RT, axis=1) / n_T, kind="stable")
    return rows_RT[order_R[: -(-len(rows_RT) // 2)]]


def _robust_variance(rows_RT: Floats) -> Floats:
    """Of the defined trainings of each task; 0 if there are none. (That of SciPy takes 2 ms a set.)"""
    variance_T, missing_RT = np.zeros(rows_RT.shape[1]), np.isnan(rows_RT)
    defined_T = ~missing_RT.all(axis=0)
    if len(rows_RT) > 1 and defined_T.any():
        rows_Rt, median = rows_RT[:, defined_T], np.nanmedian if missing_RT[:, defined_T].any() else np.median
        apart_t = median(np.abs(rows_Rt - median(rows_Rt, axis=0)), axis=0)
        variance_T[defined_T] = (apart_t / NORMAL) ** 2
    return variance_T


def _gains(rows_RT: Floats, kept_RT: Floats) -> Floats:
    """The mean of the trainings that are kept; of all, for a task that has no gain in those."""
    mean_T = _defined_mean(kept_RT)
    return np.where(np.isnan(mean_T), _defined_mean(rows_RT), mean_T)


def _defined_mean(rows_RT: Floats) -> Floats:
    n_T = (~np.isnan(rows_RT)).sum(axis=0)
    return np.where(n_T > 0, np.nansum(rows_RT, axis=0) / np.maximum(n_T, 1), np.nan)
