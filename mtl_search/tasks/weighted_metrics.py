"""The same metrics of rows that weigh differently, which torchmetrics lacks: scikit-learn's values."""

# N rows, K classes or labels

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "WEIGHTED_BINARY",
    "WEIGHTED_MULTICLASS",
    "WEIGHTED_MULTILABEL",
    "WEIGHTED_REGRESSION",
    "Weighted",
    "weighted_pinball",
]

Numbers: TypeAlias = NDArray[np.float64]
Weighted: TypeAlias = Callable[[Numbers, NDArray[Any], Numbers], float]
"""Of predictions, truths and weights above 0; NaN where undefined."""


def _scikit(
    name: str, predictions: NDArray[Any], truths: NDArray[Any], weights_N: Numbers, **options: Any
) -> float:
    from sklearn import metrics  # a third of a second, which only weighted data needs to wait

    return float(getattr(metrics, name)(truths, predictions, sample_weight=weights_N, **options))


def _both(compute: Weighted, probs_N: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    n_positive = int(truths_N.sum())
    return compute(probs_N, truths_N, weights_N) if 0 < n_positive < len(truths_N) else float("nan")


def _decided(name: str, probs_N: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    options = {"zero_division": 0.0} if name == "f1_score" else {}
    return _scikit(name, probs_N > 0.5, truths_N == 1, weights_N, **options)


def _log_loss(probs_N: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    right_N = np.where(truths_N == 1, probs_N, 1.0 - probs_N)
    return _mean_log(right_N, weights_N, floor=np.exp(-100.0))  # torch's


def _class_log_loss(probs_NK: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    right_N = np.take_along_axis(probs_NK, truths_N[:, None], axis=1)[:, 0]
    return _mean_log(right_N, weights_N, floor=np.finfo(probs_NK.dtype).tiny)


def _mean_log(right_N: Numbers, weights_N: Numbers, floor: float) -> float:
    return float(-np.average(np.log(np.maximum(right_N, floor)), weights=weights_N))


def _class_accuracy(probs_NK: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    return float(np.average(probs_NK.argmax(1) == truths_N, weights=weights_N))


def _mean_recall(probs_NK: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    """The mean over the classes that occur; scikit-learn's would warn of others that are predicted."""
    there_K = np.bincount(truths_N, weights_N)
    right_K = np.bincount(truths_N, weights_N * (probs_NK.argmax(1) == truths_N))
    return float((right_K[there_K > 0] / there_K[there_K > 0]).mean())


def _class_f1(probs_NK: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    options = {"average": "macro", "zero_division": 0.0}
    return _scikit("f1_score", probs_NK.argmax(1), truths_N, weights_N, **options)


def _one_against_rest(probs_NK: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    return _macro(_auroc, probs_NK, np.eye(probs_NK.shape[1], dtype=np.int64)[truths_N], weights_N)


def _macro(compute: Weighted, probs_NK: Numbers, truths_NK: NDArray[Any], weights_N: Numbers) -> float:
    """The mean over labels of a binary metric on the rows where the label is known, where defined."""
    values_K = [
        _both(compute, probs_N[known_N], truths_N[known_N], weights_N[known_N])
        for probs_N, truths_N in zip(probs_NK.T, truths_NK.T, strict=True)
        for known_N in [truths_N >= 0]
    ]
    defined = [value for value in values_K if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _label_accuracy(probs_NK: Numbers, truths_NK: NDArray[Any], weights_N: Numbers) -> float:
    weights_NK = weights_N[:, None] * (truths_NK >= 0)
    return float(np.average((probs_NK > 0.5) == (truths_NK == 1), weights=weights_NK))


def _r2(values_N: Numbers, truths_N: NDArray[Any], weights_N: Numbers) -> float:
    varied = bool((truths_N != truths_N[0]).any())
    return _scikit("r2_score", values_N, truths_N, weights_N) if varied else float("nan")


def _table(**metrics: Weighted) -> Mapping[str, Weighted]:
    return MappingProxyType(metrics)


_auroc = partial(_scikit, "roc_auc_score")
_average_precision = partial(_scikit, "average_precision_score")
_f1 = partial(_decided, "f1_score")

WEIGHTED_BINARY = _table(
    auroc=partial(_both, _auroc),
    average_precision=partial(_both, _average_precision),
    accuracy=partial(_decided, "accuracy_score"),
    balanced_accuracy=partial(_both, partial(_decided, "balanced_accuracy_score")),
    f1=partial(_both, _f1),
    log_loss=_log_loss,
)
WEIGHTED_MULTICLASS = _table(
    accuracy=_class_accuracy,
    balanced_accuracy=_mean_recall,
    macro_f1=_class_f1,
    auroc=_one_against_rest,
    log_loss=_class_log_loss,
)
WEIGHTED_MULTILABEL = _table(
    auroc=partial(_macro, _auroc),
    average_precision=partial(_macro, _average_precision),
    accuracy=_label_accuracy,
    macro_f1=partial(_macro, _f1),
)
WEIGHTED_REGRESSION = _table(
    rmse=partial(_scikit, "root_mean_squared_error"),
    mae=partial(_scikit, "mean_absolute_error"),
    r2=_r2,
)


def weighted_pinball(values_N: Numbers, truths_N: NDArray[Any], weights_N: Numbers, quantile: float) -> float:
    """The weighted mean pinball loss."""
    return _scikit("mean_pinball_loss", values_N, truths_N, weights_N, alpha=quantile)
