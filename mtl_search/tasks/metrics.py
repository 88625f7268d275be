"""Metrics of predictions against truths: torchmetrics' values, with a policy for what is undefined.

Torchmetrics takes scores for probabilities if all lie in [0, 1] and for logits otherwise, so it is
given probabilities or decided classes, never logits. Where it would warn and return 0 (one class
present, a constant target) the value here is NaN.
"""

# N rows, K classes or labels

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType, ModuleType
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mtl_search.records import MetricKind
from mtl_search.tasks.weighted_metrics import (
    WEIGHTED_BINARY,
    WEIGHTED_MULTICLASS,
    WEIGHTED_MULTILABEL,
    WEIGHTED_REGRESSION,
    Weighted,
)

__all__ = [
    "BINARY",
    "MULTICLASS",
    "MULTILABEL",
    "PINBALL",
    "R2_FLOOR",
    "REGRESSION",
    "Measure",
    "import_torchmetrics",
    "macro_auroc",
    "pinball",
    "pinball_losses",
]

Of: TypeAlias = Callable[[Tensor, Tensor], Tensor]

R2_FLOOR = 0.01  # below it a model is no better than the mean, and a gain over it would be noise


def import_torchmetrics() -> ModuleType:
    """Its functions of classes.

    With what comes along it takes longer to import than torch, and 100 MB, which is spared to whoever trains
    nothing. Who trains imports it before that is timed.
    """
    from torchmetrics.functional import classification

    found: ModuleType = classification
    return found


def _theirs(name: str, *given: Tensor, **options: Any) -> Tensor:
    value: Tensor = getattr(import_torchmetrics(), name)(*given, **options)
    return value


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric and how it is computed: ``of(predictions, truths)`` is a scalar, NaN where undefined, and
    ``weighted`` the same of rows that weigh differently."""

    kind: MetricKind
    of: Of
    weighted: Weighted

    def __call__(self, predictions: Tensor, truths: Tensor, weights_N: Tensor | None = None) -> float:
        """The value as a number; NaN without rows and if a prediction is not finite."""
        if len(truths) == 0 or not bool(predictions.isfinite().all()):
            return float("nan")
        if weights_N is None:
            return float(self.of(predictions, truths))
        weights = weights_N.double().cpu().numpy()
        return self.weighted(predictions.cpu().numpy(), truths.cpu().numpy(), weights)


def macro_auroc(scores_NK: Tensor, truths_NK: Tensor) -> Tensor:
    """The mean AUROC of K columns of labels 1, 0 and -1 (missing), over the columns where both occur.

    The values are torchmetrics', for all columns at once and with numpy's sort: this is computed every
    epoch, and one column at a time took four milliseconds for 14 labels instead of half of one.
    """
    scores_KN, truths_KN = scores_NK.T.cpu().numpy(), truths_NK.T.cpu().numpy()
    order_KN = np.argsort(scores_KN, axis=1)
    scores_KN = np.take_along_axis(scores_KN, order_KN, axis=1)
    truths_KN = np.take_along_axis(truths_KN, order_KN, axis=1)
    # Rows of equal score are one step of the curve: each stands at the last of them.
    position_KN = np.broadcast_to(np.arange(scores_KN.shape[1]), scores_KN.shape).copy()
    position_KN[:, :-1][scores_KN[:, 1:] == scores_KN[:, :-1]] = scores_KN.shape[1]
    position_KN = np.minimum.accumulate(position_KN[:, ::-1], axis=1)[:, ::-1]
    positive_KN = np.take_along_axis((truths_KN == 1).cumsum(1), position_KN, axis=1)
    negative_KN = np.take_along_axis((truths_KN == 0).cumsum(1), position_KN, axis=1)
    # A positive row beats the negative ones below it, and half of those of its own score.
    steps_KN = np.diff(positive_KN, axis=1, prepend=0)
    below_KN = np.concatenate([np.zeros_like(negative_KN[:, :1]), negative_KN[:, :-1]], axis=1)
    beaten_K = (steps_KN * (negative_KN + below_KN)).sum(1) / 2
    pairs_K = positive_KN[:, -1] * negative_KN[:, -1]
    return torch.tensor((beaten_K[pairs_K > 0] / pairs_K[pairs_K > 0]).mean()) if pairs_K.any() else _nan()


def pinball_losses(values_N: Tensor, truths_N: Tensor, quantile: float) -> Tensor:
    """The pinball loss of each value as a quantile; twice the one of .5 is the absolute error."""
    errors_N = truths_N - values_N
    return torch.maximum(quantile * errors_N, (quantile - 1.0) * errors_N)


def pinball(values_N: Tensor, truths_N: Tensor, quantile: float) -> Tensor:
    """The mean pinball loss."""
    return pinball_losses(values_N, truths_N, quantile).mean()


def _nan() -> Tensor:
    return torch.tensor(torch.nan)


def _both(compute: Callable[[Tensor, Tensor], Tensor], probs_N: Tensor, truths_N: Tensor) -> Tensor:
    """The value if both classes are present, else NaN."""
    n_positive = int(truths_N.sum())
    return compute(probs_N, truths_N) if 0 < n_positive < len(truths_N) else _nan()


def _decided(compute: Callable[..., Tensor], probs_N: Tensor, truths_N: Tensor) -> Tensor:
    """A metric of the decision at probability one half."""
    return compute((probs_N > 0.5).long(), truths_N, validate_args=False)


def _balanced(decided_N: Tensor, truths_N: Tensor, validate_args: bool) -> Tensor:
    recall = _theirs("binary_recall", decided_N, truths_N, validate_args=validate_args)
    specificity = _theirs("binary_specificity", decided_N, truths_N, validate_args=validate_args)
    return (recall + specificity) / 2


def _log_loss(probs_N: Tensor, truths_N: Tensor) -> Tensor:
    return F.binary_cross_entropy(probs_N, truths_N.to(probs_N.dtype))


def _most_likely(compute: Callable[..., Tensor], probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    """A metric of the most likely class."""
    return compute(probs_NK.argmax(1), truths_N, num_classes=probs_NK.shape[1], validate_args=False)


def _mean_recall(decided_N: Tensor, truths_N: Tensor, num_classes: int, validate_args: bool) -> Tensor:
    """The mean over the classes that occur; torchmetrics would count an absent one as 0."""
    options = {"average": "none", "validate_args": validate_args}
    recall_K = _theirs("multiclass_recall", decided_N, truths_N, num_classes=num_classes, **options)
    return recall_K[truths_N.bincount(minlength=num_classes) > 0].mean()


def _class_auroc(probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    return macro_auroc(probs_NK, F.one_hot(truths_N, probs_NK.shape[1]))


def _class_log_loss(probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    return F.nll_loss(probs_NK.clamp_min(torch.finfo(probs_NK.dtype).tiny).log(), truths_N)


def _macro(compute: Callable[[Tensor, Tensor], Tensor], probs_NK: Tensor, truths_NK: Tensor) -> Tensor:
    """The mean over labels of a binary metric on the rows where the label is known, where defined."""
    values = []
    for probs_N, truths_N in zip(probs_NK.T, truths_NK.T, strict=True):
        known_N = truths_N >= 0
        values.append(_both(compute, probs_N[known_N], truths_N[known_N]).cpu())
    return torch.stack(values).nanmean()


def _label_accuracy(probs_NK: Tensor, truths_NK: Tensor) -> Tensor:
    known_NK = truths_NK >= 0
    return ((probs_NK[known_NK] > 0.5) == truths_NK[known_NK].bool()).double().mean()


def _rmse(values_N: Tensor, truths_N: Tensor) -> Tensor:
    from torchmetrics.functional import mean_squared_error

    value: Tensor = mean_squared_error(values_N, truths_N, squared=False)
    return value


def _mae(values_N: Tensor, truths_N: Tensor) -> Tensor:
    from torchmetrics.functional import mean_absolute_error

    value: Tensor = mean_absolute_error(values_N, truths_N)
    return value


def _r2(values_N: Tensor, truths_N: Tensor) -> Tensor:
    """In double precision, and not torchmetrics', which takes sums of squares below 1e-4 for 0."""
    if not bool((truths_N != truths_N[0]).any()):
        return _nan()
    values_N, truths_N = values_N.double(), truths_N.double()
    return 1.0 - (values_N - truths_N).square().sum() / (truths_N - truths_N.mean()).square().sum()


_auroc = partial(_theirs, "binary_auroc", validate_args=False)
_average_precision = partial(_theirs, "binary_average_precision", validate_args=False)
_f1 = partial(_decided, partial(_theirs, "binary_f1_score"))
_class_accuracy = partial(_theirs, "multiclass_accuracy", average="micro")
_class_f1 = partial(_theirs, "multiclass_f1_score", average="macro")


PINBALL = MetricKind("pinball", False)


def _table(weighted: Mapping[str, Weighted], *metrics: tuple[MetricKind, Of]) -> Mapping[str, Measure]:
    return MappingProxyType({kind.name: Measure(kind, of, weighted[kind.name]) for kind, of in metrics})


BINARY = _table(
    WEIGHTED_BINARY,
    (MetricKind("auroc", True), partial(_both, _auroc)),
    (MetricKind("average_precision", True), partial(_both, _average_precision)),
    (MetricKind("accuracy", True), partial(_decided, partial(_theirs, "binary_accuracy"))),
    (MetricKind("balanced_accuracy", True), partial(_both, partial(_decided, _balanced))),
    (MetricKind("f1", True), partial(_both, _f1)),
    (MetricKind("log_loss", False), _log_loss),
)
MULTICLASS = _table(
    WEIGHTED_MULTICLASS,
    (MetricKind("accuracy", True), partial(_most_likely, _class_accuracy)),
    (MetricKind("balanced_accuracy", True), partial(_most_likely, _mean_recall)),
    (MetricKind("macro_f1", True), partial(_most_likely, _class_f1)),
    (MetricKind("auroc", True), _class_auroc),
    (MetricKind("log_loss", False), _class_log_loss),
)
MULTILABEL = _table(
    WEIGHTED_MULTILABEL,
    (MetricKind("auroc", True), macro_auroc),
    (MetricKind("average_precision", True), partial(_macro, _average_precision)),
    (MetricKind("accuracy", True), _label_accuracy),
    (MetricKind("macro_f1", True), partial(_macro, _f1)),
)
REGRESSION = _table(
    WEIGHTED_REGRESSION,
    (MetricKind("rmse", False), _rmse),
    (MetricKind("mae", False), _mae),
    (MetricKind("r2", True, floor=R2_FLOOR), _r2),
)
