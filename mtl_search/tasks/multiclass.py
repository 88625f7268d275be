"""One of several classes."""

# N rows, B rows of a batch, C copies, K classes

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import DataError, LabelError
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.base import Column, Task, TaskOptions
from mtl_search.tasks.boosting import Boosting
from mtl_search.tasks.class_weights import ClassWeights, class_weights
from mtl_search.tasks.columns import (
    Label,
    as_array,
    check_classes,
    check_labels,
    class_codes,
    find_classes,
    label_codes,
    labels,
    listing,
    of_rows,
    place,
    probabilities,
    without_unseen,
)
from mtl_search.tasks.metrics import MULTICLASS, Measure

__all__ = ["Multiclass"]


MISSING = -100  # the target that F.cross_entropy leaves out


@final
@dataclass(frozen=True, slots=True)
class Multiclass(Task):
    """A task of K classes with K outputs, their logits.

    ``weights`` multiply the loss of the rows of a class, and the mean divides by their sum, as in
    ``CrossEntropyLoss``; empty if all count the same.

    >>> import pyarrow as pa
    >>> Multiclass.Config().fit("stage", [pa.chunked_array([["iii", "i", None, "ii"]])]).classes
    ('i', 'ii', 'iii')
    """

    name: str
    role: Role
    metric: MetricKind
    classes: tuple[Label, ...]
    weights: tuple[float, ...]
    label_smoothing: float
    rates: tuple[float, ...]
    """The share of each class in train, by weight."""
    weight: float = 1.0
    kind: Literal["multiclass"] = "multiclass"

    def __post_init__(self) -> None:
        check_labels(self.classes)

    @final
    class Config(TaskOptions):
        """Options: ``classes``, as they are written in the data, in their order (default: those that occur,
        sorted); ``class_weights``, a factor per class (1 where not named), or ``balanced`` for as much
        weight on each class; ``label_smoothing``, the share of the target spread over all classes.
        """

        kind: Literal["multiclass"] = "multiclass"
        metric: Literal["accuracy", "balanced_accuracy", "macro_f1", "auroc", "log_loss"] = "accuracy"
        classes: Annotated[tuple[Label, ...], Field(min_length=2, strict=False)] | None = None
        class_weights: ClassWeights = None
        label_smoothing: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0

        @override
        def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
            column = labels(columns[0], name)
            if self.classes is not None:
                check_classes(column, self.classes, name)
            return [class_codes(column)]

        @override
        def fit(
            self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
        ) -> "Multiclass":
            column = labels(train_columns[0], name)
            classes = find_classes(column)
            if self.classes is not None and len(classes) == len(self.classes):
                classes = self.classes
            elif self.classes is not None:
                absent = [label for label in self.classes if label not in classes]
                raise LabelError(
                    place(name), "rows of each of the classes in train", f"none of {listing(absent)}"
                )
            if len(classes) < 2:
                found = f"only {classes[0]!r}" if classes else "no label"
                raise LabelError(place(name), "two classes or more in the train rows", found)
            codes_N, labelled_N = label_codes(column, classes, name)
            n_labelled = int(labelled_N.sum())
            if 2 * len(classes) > n_labelled > 10:
                found = f"{len(classes)} classes in {n_labelled} labelled rows"
                raise DataError(place(name), "classes that occur again and again", found)
            counts_K = np.bincount(codes_N[labelled_N], of_rows(weights_N, labelled_N)).astype(np.float64)
            return Multiclass(
                name=name,
                role=self.role,
                weight=self.weight,
                metric=MULTICLASS[self.metric].kind,
                classes=classes,
                weights=class_weights(self.class_weights, name, classes, counts_K),
                label_smoothing=self.label_smoothing,
                rates=tuple((counts_K / counts_K.sum()).tolist()),
            )

    @property
    @override
    def n_outputs(self) -> int:
        return len(self.classes)

    @property
    @override
    def measures(self) -> Mapping[str, Measure]:
        return MULTICLASS

    @property
    @override
    def boosting(self) -> Boosting:
        return Boosting(
            ({"objective": "multiclass", "num_class": len(self.classes)},), class_weights=self.weights
        )

    @override
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """Targets 0 .. K-1 as int64."""
        codes_N, labelled_N = label_codes(labels(columns[0], self.name), self.classes, self.name)
        return torch.from_numpy(codes_N), torch.from_numpy(labelled_N)

    @override
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        column, others = without_unseen(columns[0], self.classes, self.name)
        return [column], others

    @override
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        """Mean cross-entropy, weighted by class and smoothed."""
        weights_K = outputs_BK.new_tensor(self.weights) if self.weights else None
        targets_B = targets_B.masked_fill(~labelled_B, MISSING)
        if weights_B is None:
            return F.cross_entropy(outputs_BK, targets_B, weights_K, label_smoothing=self.label_smoothing)
        losses_B = F.cross_entropy(
            outputs_BK, targets_B, weights_K, reduction="none", label_smoothing=self.label_smoothing
        )
        counts_B = labelled_B if weights_K is None else weights_K[targets_B.clamp_min(0)] * labelled_B
        return (losses_B * weights_B).sum() / counts_B.sum()

    @override
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The logarithms of the mean probabilities."""
        return outputs_NCK.log_softmax(2).logsumexp(1) - math.log(outputs_NCK.shape[1])

    @override
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """The probability of each class."""
        return outputs_NK.double().softmax(1)

    @override
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        likeliest_N = as_array(predictions.argmax(1))
        return {"": pa.array(self.classes).take(likeliest_N), **probabilities(predictions, self.classes)}

    @override
    def truths(self, targets_N: Tensor) -> Tensor:
        return targets_N

    @override
    def signals(self, targets_N: Tensor) -> Tensor:
        return F.one_hot(targets_N, len(self.classes)).float()

    @override
    def describe(self) -> str:
        largest = max(self.rates)
        return f"{len(self.classes)} classes, {largest:.1%} are {self.classes[self.rates.index(largest)]!r}"
