"""Metrics of predictions against truths: scikit-learn's and torchmetrics' values, with a policy for what is
undefined.

Where torchmetrics would warn and return 0 (one class present, a constant target) the value here is NaN. It is
no dependency: its import takes longer than torch's, in every process that trains or predicts.
"""

# N rows, K classes or labels

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

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
    "macro_auroc",
    "pinball",
    "pinball_losses",
]

Of: TypeAlias = Callable[[Tensor, Tensor], Tensor]

R2_FLOOR = 0.01  # below it a model is no better than the mean, and a gain over it would be noise


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

    For all columns at once and with numpy's sort: this is computed every epoch, and one column at a time
    took four milliseconds for 14 labels instead of half of one.
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


def _both(compute: Of, probs_N: Tensor, truths_N: Tensor) -> Tensor:
    """The value if both classes are present, else NaN."""
    n_positive = int(truths_N.sum())
    return compute(probs_N, truths_N) if 0 < n_positive < len(truths_N) else _nan()


def _auroc(probs_N: Tensor, truths_N: Tensor) -> Tensor:
    return macro_auroc(probs_N[:, None], truths_N[:, None])


def _average_precision(probs_N: Tensor, truths_N: Tensor) -> Tensor:
    """The precision at each score that positive rows have, weighted by how many of them have it."""
    scores_N, order_N = probs_N.cpu().sort(descending=True)
    found_N = truths_N.cpu()[order_N].cumsum(0)
    last_N = torch.cat([scores_N[1:] != scores_N[:-1], torch.tensor([True])])  # of the rows of equal score
    precisions = found_N[last_N] / (1.0 + last_N.nonzero()[:, 0])
    return (precisions.double() * found_N[last_N].diff(prepend=torch.tensor([0]))).sum() / found_N[-1]


def _decided(compute: Of, probs_N: Tensor, truths_N: Tensor) -> Tensor:
    """A metric of the decision at probability one half."""
    return compute(probs_N > 0.5, truths_N == 1)


def _accuracy(decided_N: Tensor, truths_N: Tensor) -> Tensor:
    return (decided_N == truths_N).double().mean()


def _f1(decided_N: Tensor, truths_N: Tensor) -> Tensor:
    return 2.0 * (decided_N & truths_N).sum() / (decided_N.sum() + truths_N.sum())


def _balanced(decided_N: Tensor, truths_N: Tensor) -> Tensor:
    return (decided_N[truths_N].double().mean() + (~decided_N[~truths_N]).double().mean()) / 2.0


def _log_loss(probs_N: Tensor, truths_N: Tensor) -> Tensor:
    return F.binary_cross_entropy(probs_N, truths_N.to(probs_N.dtype))


def _class_accuracy(probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    return _accuracy(probs_NK.argmax(1), truths_N)


def _counts(probs_NK: Tensor, truths_N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How many rows of each class are found, are there, and are taken for it, where a row is of the most
    likely class."""
    n_classes, chosen_N = probs_NK.shape[1], probs_NK.argmax(1)
    rows = truths_N[chosen_N == truths_N], truths_N, chosen_N
    found_K, there_K, chosen_K = (of_N.bincount(minlength=n_classes).double() for of_N in rows)
    return found_K, there_K, chosen_K


def _mean_recall(probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    """The mean over the classes that occur; torchmetrics would count an absent one as 0."""
    found_K, there_K, _ = _counts(probs_NK, truths_N)
    return (found_K / there_K)[there_K > 0].mean()


def _class_f1(probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    """The mean over the classes that occur or are chosen."""
    found_K, there_K, chosen_K = _counts(probs_NK, truths_N)
    rows_K = there_K + chosen_K
    return (2.0 * found_K / rows_K)[rows_K > 0].mean()


def _class_auroc(probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    return macro_auroc(probs_NK, F.one_hot(truths_N, probs_NK.shape[1]))


def _class_log_loss(probs_NK: Tensor, truths_N: Tensor) -> Tensor:
    return F.nll_loss(probs_NK.clamp_min(torch.finfo(probs_NK.dtype).tiny).log(), truths_N)


def _macro(compute: Of, probs_NK: Tensor, truths_NK: Tensor) -> Tensor:
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
    return (values_N - truths_N).square().mean().sqrt()


def _mae(values_N: Tensor, truths_N: Tensor) -> Tensor:
    return (values_N - truths_N).abs().mean()


def _r2(values_N: Tensor, truths_N: Tensor) -> Tensor:
    """In double precision: of truths far from 0 or close to each other few digits would be left."""
    if not bool((truths_N != truths_N[0]).any()):
        return _nan()
    values_N, truths_N = values_N.double(), truths_N.double()
    return 1.0 - (values_N - truths_N).square().sum() / (truths_N - truths_N.mean()).square().sum()


PINBALL = MetricKind("pinball", False)


def _table(weighted: Mapping[str, Weighted], *metrics: tuple[MetricKind, Of]) -> Mapping[str, Measure]:
    return MappingProxyType({kind.name: Measure(kind, of, weighted[kind.name]) for kind, of in metrics})


BINARY = _table(
    WEIGHTED_BINARY,
    (MetricKind("auroc", True), partial(_both, _auroc)),
    (MetricKind("average_precision", True), partial(_both, _average_precision)),
    (MetricKind("accuracy", True), partial(_decided, _accuracy)),
    (MetricKind("balanced_accuracy", True), partial(_both, partial(_decided, _balanced))),
    (MetricKind("f1", True), partial(_both, partial(_decided, _f1))),
    (MetricKind("log_loss", False), _log_loss),
)
MULTICLASS = _table(
    WEIGHTED_MULTICLASS,
    (MetricKind("accuracy", True), _class_accuracy),
    (MetricKind("balanced_accuracy", True), _mean_recall),
    (MetricKind("macro_f1", True), _class_f1),
    (MetricKind("auroc", True), _class_auroc),
    (MetricKind("log_loss", False), _class_log_loss),
)
MULTILABEL = _table(
    WEIGHTED_MULTILABEL,
    (MetricKind("auroc", True), macro_auroc),
    (MetricKind("average_precision", True), partial(_macro, _average_precision)),
    (MetricKind("accuracy", True), _label_accuracy),
    (MetricKind("macro_f1", True), partial(_macro, partial(_decided, _f1))),
)
REGRESSION = _table(
    WEIGHTED_REGRESSION,
    (MetricKind("rmse", False), _rmse),
    (MetricKind("mae", False), _mae),
    (MetricKind("r2", True, floor=R2_FLOOR), _r2),
)
