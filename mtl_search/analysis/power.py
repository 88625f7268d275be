"""What a comparison can show: the smallest difference that test rows and seeds tell from chance.

Before anything is trained the labels alone say it, roughly (`smallest_before`): a metric's error of sampling
follows from how many test units there are and how the labels are spread (`metric_error`), and what two
networks make of the same rows is much alike.

What is assumed before: `RANKED`, `DECIDED` and `SEEDS` are rough central values, read by eye from the
committed sweeps of SUPPORT2 and Census-Income: the confirmed designs, each against single_task, task by task
(they lay within .92 to .99, .88 to .94, and .2 to 3.8). So the true figure may well be half or twice as much,
and where values are near the best possible, as AUROC far above .8, it is further off: up to five times on
Census-Income. It says whether a budget is of the right size, and no verdict rests on it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from mtl_search.analysis.metric_error import DECISIONS, metric_error
from mtl_search.analysis.significance import ALPHA

__all__ = [
    "POWER",
    "TaskLabels",
    "expected_complete",
    "label_correlations",
    "smallest_before",
    "smallest_difference",
]

# T tasks, S seeds, G groups of rows left out in turn

POWER = 0.8  # the chance that a difference of the smallest size is shown
RANKED = 0.95  # correlation over test sets of two networks' values of one metric
DECIDED = 0.9  # the same of metrics of decided classes, which jump
SEEDS = 1.3  # scatter of a difference over seeds, in standard errors of its sampling of test rows
GROUPS = 20  # of test rows, left out in turn

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TaskLabels:
    """What the labels of a main task say: ``units`` of test, and what those of train look like.

    ``labels``: numbers of a regression; class numbers; one column a label with -1 where missing
    (multilabel); none of other kinds. ``units``: labelled test rows, or groups of them if rows of a group
    stand together; a group counts as one row, as if its rows said all the same, so that the figure is rather
    too large.
    """

    kind: str
    metric: str
    units: int
    labels: Array
    weight: float = 1.0

    @property
    def difference_error(self) -> float:
        """Standard error over test sets of the gain of one network over another, in percent.

        That of two correlated values of the same error (Hanley and McNeil 1983, A method of comparing the
        areas under ROC curves derived from the same cases): ``sqrt(2 (1 - r))`` times that of one.
        """
        alike = DECIDED if self.metric in DECISIONS else RANKED
        return (
            100 * math.sqrt(2 * (1 - alike)) * metric_error(self.kind, self.metric, self.labels, self.units)
        )


def smallest_difference(
    of_seeds: float, seeds: int, of_rows: float = 0.0, groups: int = GROUPS, *, alpha: float = ALPHA
) -> float:
    """The smallest true difference shown with a chance of `POWER`, at level ``alpha``.

    ``of_seeds`` is the standard deviation of a difference over seeds, ``of_rows`` its standard error over
    test sets, estimated by leaving out ``groups`` in turn. ``(t_{1-a/2} + t_{power})`` standard errors
    (Bloom 1995, Minimum detectable effects, Evaluation Review 19), with the variances, the degrees of freedom
    and the two tests of `estimate`; the larger of both counts. Infinite below two seeds.

    >>> round(smallest_difference(1.0, seeds=5), 2)
    1.66
    """
    if seeds < 2:
        return math.inf
    parts = [(of_seeds**2 / seeds, seeds - 1)]
    found = _detectable(parts, alpha)
    if of_rows and groups > 1:
        found = max(found, _detectable([*parts, (of_rows**2, groups - 1)], alpha))
    return found


def _detectable(parts: Sequence[tuple[float, int]], alpha: float) -> float:
    variance = sum(part for part, _ in parts)
    if not variance:
        return 0.0
    freedom = 1 / sum((part / variance) ** 2 / df for part, df in parts)
    t = stats.t(df=freedom)
    return float(t.ppf(1 - alpha / 2) + t.ppf(POWER)) * math.sqrt(variance)


def smallest_before(tasks: Mapping[str, TaskLabels], alike: ArrayLike, seeds: int) -> tuple[Array, float]:
    """The smallest differences in percent of each task, and of delta_m, from the labels alone.

    ``alike``: T x T correlations of the labels. If errors are jointly normal, their squares are
    correlated by the square of the errors' correlation, which is taken for that of the labels: tasks that
    are one are counted as one, and for others the errors of sampling average out. NaN, and left out of
    delta_m, where nothing is known of a task's metric.
    """
    errors_T = np.array([task.difference_error for task in tasks.values()])
    units = [task.units for task in tasks.values()]
    weights_T = np.array([task.weight for task in tasks.values()])
    of_tasks = [_before(error, seeds, n) for error, n in zip(errors_T, units, strict=True)]
    known_T = np.isfinite(errors_T)
    if not known_T.any():
        return np.array(of_tasks), math.nan
    shares_T = np.where(known_T, weights_T * np.nan_to_num(errors_T), 0.0) / weights_T[known_T].sum()
    whole = math.sqrt(shares_T @ np.asarray(alike, dtype=float) ** 2 @ shares_T)
    return np.array(of_tasks), _before(whole, seeds, min(units))


def label_correlations(signals: Sequence[Array]) -> Array:
    """T x T, of numbers that say the labels of a task (N x S, NaN if missing): the largest of each two.

    Over the rows that both have; 0 if there are none.
    """
    of_task = np.repeat(np.arange(len(signals)), [values.shape[1] for values in signals])
    values_NS = np.concatenate([np.asarray(values, dtype=float) for values in signals], axis=1)
    known_NS = np.isfinite(values_NS)
    counts_S = np.maximum(known_NS.sum(axis=0), 1)
    centred_NS = np.where(known_NS, values_NS - np.nansum(values_NS, axis=0) / counts_S, 0.0)
    scale_S = np.sqrt((centred_NS**2).sum(axis=0) / counts_S)
    scaled_NS = centred_NS / np.where(scale_S > 0, scale_S, 1.0)
    both_SS = known_NS.T.astype(float) @ known_NS.astype(float)
    alike_SS = np.abs(scaled_NS.T @ scaled_NS) / np.maximum(both_SS, 1)
    alike_TT = np.eye(len(signals))
    np.maximum.at(alike_TT, (of_task[:, None], of_task[None, :]), np.minimum(alike_SS, 1.0))
    np.fill_diagonal(alike_TT, 1.0)
    return alike_TT


def _before(error: float, seeds: int, units: int) -> float:
    if not math.isfinite(error):
        return math.nan
    return smallest_difference(SEEDS * error, seeds, error, min(GROUPS, units))


def expected_complete(trials: int, rungs: int, factor: int, free: int) -> float:
    """How many of a study's trials train to their end, of ``trials`` under halving at ``rungs`` epochs.

    Of equally good configurations in any order the newest of n is among the best ``n // factor`` (at least
    one) with that chance; a rung is asked by those that passed the ones before. The first ``free`` trials
    are not stopped. Samplers that learn complete more.

    >>> expected_complete(6, rungs=0, factor=3, free=4)
    6.0
    """
    at_rung = [float(min(trials, free))] * (rungs + 1)
    for _ in range(trials - min(trials, free)):
        reaching = 1.0
        for rung in range(rungs):
            before = at_rung[rung]
            at_rung[rung] += reaching
            reaching *= max(1, int(before + 1) // factor) / (before + 1)
        at_rung[rungs] += reaching
    return at_rung[rungs]
