"""The error of sampling of a metric, from how many units there are and how the labels are spread.

All are standard errors relative to the value itself, for one network. What the networks will reach is not
known from labels; a value stands in for it that is typical of tables (`AUROC`, `R2`), or half-way from what
the labels alone give to a perfect score (`_halfway`). Classes are taken one against the rest.

- AUROC: Hanley and McNeil 1982, The meaning and use of the area under a ROC curve, Radiology 143, eq. 2.
- Average precision: the binomial of Boyd, Eng and Page 2013, Area under the precision-recall curve, with the
  positive rows for its size.
- Accuracy, recall and specificity are binomial. F1 by the delta method, at equal precision and recall:
  ``F (1 - F) (2 - F) / (2 positives)`` is the variance.
- RMSE and MAE: of a mean of squares and of absolute values, by the delta method, as if the errors were spread
  like the labels, and at least as normal numbers: ``(kurtosis - 1) / 4 n``. R2 moves with the squared RMSE;
  the variance of the labels is common to both networks and drops out of a difference.
- Log loss: of a mean, for normal log-odds that tell the classes apart as `AUROC` says.
"""

# N labels, K classes or labels

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["AUROC", "DECISIONS", "R2", "metric_error"]

AUROC = 0.8
R2 = 0.5
NORMAL_KURTOSIS = 3.0
NORMAL_ABSOLUTE = math.pi / 2 - 1  # squared coefficient of variation of the absolute value
DECISIONS = ("accuracy", "balanced_accuracy", "f1", "macro_f1")  # metrics of decided classes

Array = NDArray[np.float64]


def metric_error(kind: str, metric: str, labels: Array, n: int) -> float:
    """The standard error of ``metric`` over sets of ``n`` units, relative to its value.

    ``labels`` of train, as in ``TaskLabels``. NaN if there is no unit or no formula, as for labels at the
    positions of an input, whose errors are alike within a row nobody knows how much.
    """
    if n < 1:
        return math.nan
    if kind == "regression":
        return _of_numbers(metric, labels[np.isfinite(labels)], n)
    if kind == "multilabel":
        columns = [column_N[column_N >= 0] for column_N in labels.T]
        errors = [_of_classes(_MACRO.get(metric, metric), _shares(label_N), n) for label_N in columns]
        return math.sqrt(sum(error**2 for error in errors)) / len(errors)  # other labels, other errors
    if kind in ("binary", "multiclass"):
        return _of_classes(metric, _shares(labels), n)
    return math.nan


def _of_numbers(metric: str, labels_N: Array, n: int) -> float:
    spread_N = labels_N - labels_N.mean()
    square, absolute = np.mean(spread_N**2), np.mean(np.abs(spread_N))
    kurtosis = np.mean(spread_N**4) / square**2 if square else NORMAL_KURTOSIS
    of_rmse = math.sqrt((max(kurtosis, NORMAL_KURTOSIS) - 1) / 4 / n)
    if metric == "rmse":
        return of_rmse
    if metric == "r2":
        return 2 * (1 - R2) / R2 * of_rmse
    if metric in ("mae", "pinball"):
        varied = square / absolute**2 - 1 if absolute else NORMAL_ABSOLUTE
        return math.sqrt(max(varied, NORMAL_ABSOLUTE) / n)
    return math.nan


def _of_classes(metric: str, shares_K: Array, n: int) -> float:
    """Of one label with these shares of classes, ascending by class: of two, the second is positive."""
    formula = _FORMULAS.get(metric)
    return formula(shares_K, n) if formula else math.nan


def _shares(labels_N: Array) -> Array:
    counts_K = np.bincount(labels_N.astype(int), minlength=2).astype(float)
    shares_K: Array = counts_K[counts_K > 0] / max(counts_K.sum(), 1)
    return shares_K


def _halfway(floor: float) -> float:
    return (1 + floor) / 2


def _one_against_rest(formula: Callable[[float, float], float]) -> Callable[[Array, int], float]:
    """The mean over classes of an error from positive and negative rows; of two classes, the second's."""

    def error(shares_K: Array, n: int) -> float:
        wanted = shares_K[1:] if len(shares_K) <= 2 else shares_K
        positives = [max(share * n, 1.0) for share in wanted]
        return float(np.mean([formula(p, max(n - p, 1.0)) for p in positives])) if positives else math.nan

    return error


def _auroc(positives: float, negatives: float) -> float:
    q1, q2 = AUROC / (2 - AUROC), 2 * AUROC**2 / (1 + AUROC)
    squares = (positives - 1) * (q1 - AUROC**2) + (negatives - 1) * (q2 - AUROC**2)
    return math.sqrt((AUROC * (1 - AUROC) + squares) / (positives * negatives)) / AUROC


def _average_precision(positives: float, negatives: float) -> float:
    value = _halfway(positives / (positives + negatives))
    return math.sqrt(value * (1 - value) / positives) / value


def _f1(positives: float, negatives: float) -> float:
    share = positives / (positives + negatives)
    value = _halfway(2 * share / (1 + share))  # from that of calling every row positive
    return math.sqrt(value * (1 - value) * (2 - value) / 2 / positives) / value


def _log_loss(positives: float, negatives: float) -> float:
    """Calibrated log-odds, normal in each class at a distance of d: of mean ``d2/2`` and variance ``d2``."""
    distance = math.sqrt(2) * stats.norm.ppf(AUROC)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    prior, share = math.log(positives / negatives), positives / (positives + negatives)
    margins = distance**2 / 2 + distance * nodes
    losses = np.stack([np.logaddexp(0, -margins - prior), np.logaddexp(0, -margins + prior)])
    chances = np.outer([share, 1 - share], weights / weights.sum())
    mean = float((chances * losses).sum())
    variance = float((chances * losses**2).sum()) - mean**2
    return math.sqrt(variance / (positives + negatives)) / mean


def _accuracy(shares_K: Array, n: int) -> float:
    value = _halfway(float(shares_K.max(initial=0.5)))
    return math.sqrt((1 - value) / value / n)


def _balanced_accuracy(shares_K: Array, n: int) -> float:
    value = _halfway(1 / len(shares_K))
    variances = value * (1 - value) / np.maximum(shares_K * n, 1)
    return math.sqrt(variances.sum()) / len(shares_K) / value


_MACRO = {"macro_f1": "f1"}
_FORMULAS: Mapping[str, Callable[[Array, int], float]] = {
    "auroc": _one_against_rest(_auroc),
    "average_precision": _one_against_rest(_average_precision),
    "f1": _one_against_rest(_f1),
    "macro_f1": _one_against_rest(_f1),
    "log_loss": _one_against_rest(_log_loss),
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
}
