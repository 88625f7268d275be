"""Two classes, one of them positive: whether something is so."""

# N rows, B rows of a batch, C copies, K = 1

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import PositiveFloat
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import DataError, LabelError, nearest
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.base import Column, Task, TaskOptions, mean_log_odds, mean_loss
from mtl_search.tasks.boosting import Boosting
from mtl_search.tasks.columns import (
    Label,
    as_array,
    check_labels,
    class_codes,
    find_classes,
    label_codes,
    labels,
    listing,
    of_rows,
    place,
    without_unseen,
)
from mtl_search.tasks.metrics import BINARY, Measure

__all__ = ["Binary"]


@final
@dataclass(frozen=True, slots=True)
class Binary(Task):
    """A task of two classes with one output, the log-odds of the positive one.

    ``pos_weight`` multiplies the loss of positive rows, as in ``BCEWithLogitsLoss``.

    >>> import pyarrow as pa
    >>> task = Binary.Config(positive="no").fit("dead", [pa.chunked_array([["yes", "no", None]])])
    >>> task.classes
    ('yes', 'no')
    """

    name: str
    role: Role
    metric: MetricKind
    classes: tuple[Label, Label]
    """The negative and the positive class."""
    pos_weight: float
    rate: float
    """The share of positive rows in train, by weight."""
    weight: float = 1.0
    kind: Literal["binary"] = "binary"

    def __post_init__(self) -> None:
        check_labels(self.classes)

    @final
    class Config(TaskOptions):
        """Options: ``positive``, the class that counts as 1 (default: the last in sorted order);
        ``pos_weight``, a factor, or ``balanced`` for as much weight on either class.
        """

        kind: Literal["binary"] = "binary"
        metric: Literal["auroc", "average_precision", "accuracy", "balanced_accuracy", "f1", "log_loss"] = (
            "auroc"
        )
        positive: bool | int | str | None = None
        pos_weight: PositiveFloat | Literal["balanced"] | None = None

        @override
        def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
            return [class_codes(labels(columns[0], name))]

        @override
        def fit(
            self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
        ) -> "Binary":
            column = labels(train_columns[0], name)
            classes = find_classes(column)
            if len(classes) < 2:
                found = f"1: {listing(classes)}" if classes else "no label"
                raise LabelError(place(name), "two classes in the train rows", found)
            if len(classes) > 2:
                hint = "use kind: multiclass, or say which of them mean no label, e.g. missing: [-1]"
                found = f"{len(classes)}: {listing(classes)}"
                raise DataError(place(name), "two classes in the train rows", found, hint)
            if self.positive is not None and self.positive not in classes:
                found = f"positive: {self.positive!r}"
                hint = nearest(str(self.positive), map(str, classes))
                raise DataError(place(name), f"one of {listing(classes)} as the positive class", found, hint)
            negative, positive = classes if self.positive in (None, classes[1]) else classes[::-1]
            codes_N, labelled_N = label_codes(column, (negative, positive), name)
            rate = float(np.average(codes_N[labelled_N], weights=of_rows(weights_N, labelled_N)))
            weight = (1 - rate) / rate if self.pos_weight == "balanced" else self.pos_weight or 1.0
            return Binary(
                name=name,
                role=self.role,
                metric=BINARY[self.metric].kind,
                classes=(negative, positive),
                pos_weight=weight,
                rate=rate,
                weight=self.weight,
            )

    @property
    @override
    def n_outputs(self) -> int:
        return 1

    @property
    @override
    def measures(self) -> Mapping[str, Measure]:
        return BINARY

    @property
    @override
    def boosting(self) -> Boosting:
        return Boosting(({"objective": "binary", "scale_pos_weight": self.pos_weight},))

    @override
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """Targets 0 and 1 as float32."""
        codes_N, labelled_N = label_codes(labels(columns[0], self.name), self.classes, self.name)
        return torch.from_numpy(codes_N).float(), torch.from_numpy(labelled_N)

    @override
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        column, others = without_unseen(columns[0], self.classes, self.name)
        return [column], others

    @override
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        """Mean binary cross-entropy, positive rows weighted; the mean divides by the count of rows."""
        targets_B = targets_B.masked_fill(~labelled_B, 0.0)
        losses_B = F.binary_cross_entropy_with_logits(outputs_BK[:, 0], targets_B, reduction="none")
        factors_B = 1.0 + (self.pos_weight - 1.0) * targets_B
        return mean_loss(losses_B * factors_B, labelled_B, weights_B)

    @override
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The log-odds of the mean probability."""
        return mean_log_odds(outputs_NCK)

    @override
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """The probability of the positive class; float64, where it saturates late."""
        return outputs_NK[:, 0].double().sigmoid()

    @override
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        positive_N = as_array((predictions > 0.5).long())
        return {"": pa.array(self.classes).take(positive_N), "_probability": as_array(predictions)}

    @override
    def truths(self, targets_N: Tensor) -> Tensor:
        return targets_N.long()

    @override
    def signals(self, targets_N: Tensor) -> Tensor:
        return targets_N[:, None]

    @override
    def describe(self) -> str:
        return f"{self.rate:.1%} are {self.classes[1]!r}, the others {self.classes[0]!r}"
