"""Several labels, each of which applies or does not."""

# N rows, B rows of a batch, C copies, K labels

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, model_validator
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import DataError, LabelError
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.base import Column, Task, TaskOptions, mean_log_odds, mean_loss
from mtl_search.tasks.boosting import Boosting
from mtl_search.tasks.columns import (
    Label,
    as_array,
    check_labels,
    find_classes,
    label_codes,
    labels,
    listing,
    place,
    probabilities,
    without_unseen,
)
from mtl_search.tasks.metrics import MULTILABEL, Measure

__all__ = ["Multilabel"]

UNKNOWN = -1.0  # the target of a label that is missing in a row where another one is known


@final
@dataclass(frozen=True, slots=True)
class Multilabel(Task):
    """A task of K labels with K outputs, their log-odds.

    The source is a column per label (0 and 1, or booleans; null: not known), or one column of lists
    that name the labels of a row. Loss and metrics leave out single unknown labels too; the loss is the
    mean over what is known.

    >>> import pyarrow as pa
    >>> task = Multilabel.Config().fit("topics", [pa.chunked_array([[["a"], ["b", "a"], ["b"], None]])])
    >>> task.classes
    ('a', 'b')
    """

    name: str
    role: Role
    metric: MetricKind
    sources: tuple[str, ...]
    classes: tuple[Label, ...]
    """The labels: the columns' names, or what the lists contain."""
    pos_weights: tuple[float, ...]
    rate: float
    """The share of labels that apply, among the known ones of train."""
    weight: float = 1.0
    kind: Literal["multilabel"] = "multilabel"

    def __post_init__(self) -> None:
        check_labels(self.classes)

    @final
    class Config(TaskOptions):
        """Options: ``columns``, one per label (default: the column of the task's name, with lists);
        ``pos_weight``, a factor for all labels, or ``balanced`` for as much weight on either side of each.
        """

        kind: Literal["multilabel"] = "multilabel"
        metric: Literal["auroc", "average_precision", "accuracy", "macro_f1"] = "auroc"
        columns: Annotated[tuple[str, ...], Field(min_length=2, strict=False)] | None = None
        pos_weight: PositiveFloat | Literal["balanced"] | None = None

        @model_validator(mode="after")
        def _column_or_columns(self) -> Self:
            if self.column is not None and self.columns is not None:
                raise ValueError("either column (of lists) or columns (one a label)")
            return self

        @override
        def source_columns(self, task_name: str) -> tuple[str, ...]:
            return self.columns or (self.column or task_name,)

        @override
        def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
            sources = self.source_columns(name)
            classes = self.columns or find_classes(_flat(columns[0], name))
            return list(_targets(columns, sources, classes).astype(np.int64).T)

        @override
        def fit(
            self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
        ) -> "Multilabel":
            sources = self.source_columns(name)
            classes = self.columns or find_classes(_flat(train_columns[0], name))
            targets_NK = _targets(train_columns, sources, classes)
            known_NK = targets_NK != UNKNOWN
            of_N = np.ones(len(targets_NK)) if weights_N is None else weights_N
            rates_K = of_N @ (targets_NK == 1) / np.where(known_NK.any(0), of_N @ known_NK, 1.0)
            for label, rate in zip(classes, rates_K, strict=True):
                if not 0 < rate < 1:
                    known = known_NK[:, classes.index(label)].any()
                    found = f"{label!r} in all of them" if rate == 1 else f"{label!r} in none of them"
                    found = found if known else f"{label!r} without any label"
                    raise LabelError(place(name), "labels that only some train rows have", found)
            if len(classes) < 2:
                found = f"only {classes[0]!r}" if classes else "no label"
                raise LabelError(place(name), "two labels or more in the train rows", found)
            weight = self.pos_weight
            balanced = tuple(((1 - rates_K) / rates_K).tolist())
            return Multilabel(
                name=name,
                role=self.role,
                weight=self.weight,
                metric=MULTILABEL[self.metric].kind,
                sources=sources,
                classes=classes,
                pos_weights=balanced if weight == "balanced" else (weight or 1.0,) * len(classes),
                rate=float((of_N @ (targets_NK == 1)).sum() / (of_N @ known_NK).sum()),
            )

    @property
    @override
    def n_outputs(self) -> int:
        return len(self.classes)

    @property
    @override
    def measures(self) -> Mapping[str, Measure]:
        return MULTILABEL

    @property
    @override
    def boosting(self) -> Boosting:
        return Boosting(
            tuple({"objective": "binary", "scale_pos_weight": weight} for weight in self.pos_weights),
            unknown=UNKNOWN,
        )

    @override
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """Targets 0, 1 and -1 (this label is not known) as float32, N x K."""
        targets_NK = _targets(columns, self.sources, self.classes)
        labelled_N = (targets_NK != UNKNOWN).any(1)
        targets_NK[~labelled_N] = 0.0
        return torch.from_numpy(targets_NK), torch.from_numpy(labelled_N)

    @override
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        """Labels in lists alone can be unseen: a column of flags is there or not."""
        if len(self.sources) > 1:
            return list(columns), {}
        flat, others = without_unseen(_flat(columns[0], self.name), self.classes, self.name)
        lists = columns[0].combine_chunks()
        lengths = pc.fill_null(pc.list_value_length(lists), 0)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths.to_numpy())]), pa.int32())
        known = pa.ListArray.from_arrays(offsets, flat.combine_chunks(), mask=lists.is_null())
        return [pa.chunked_array([known])], others

    @override
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        """Mean binary cross-entropy over the known labels, positive ones weighted."""
        known_BK = labelled_B[:, None] & (targets_B != UNKNOWN)
        targets_BK = targets_B.masked_fill(~known_BK, 0.0)
        losses_BK = F.binary_cross_entropy_with_logits(
            outputs_BK, targets_BK, reduction="none", pos_weight=outputs_BK.new_tensor(self.pos_weights)
        )
        return mean_loss(losses_BK, known_BK, weights_B)

    @override
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The log-odds of each label's mean probability."""
        return mean_log_odds(outputs_NCK)

    @override
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """The probability of each label."""
        return outputs_NK.double().sigmoid()

    @override
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        """For each label whether it applies, ``"_<label>"``, and its probability."""
        columns_KN = (predictions > 0.5).T.contiguous()
        applies = {f"_{label}": as_array(c_N) for label, c_N in zip(self.classes, columns_KN, strict=True)}
        return {**applies, **probabilities(predictions, self.classes)}

    @override
    def truths(self, targets_N: Tensor) -> Tensor:
        return targets_N.long()

    @override
    def signals(self, targets_N: Tensor) -> Tensor:
        return targets_N.masked_fill(targets_N == UNKNOWN, torch.nan)

    @override
    def describe(self) -> str:
        return f"{len(self.classes)} labels, {self.rate:.1%} of them so"


def _targets(
    columns: Sequence[Column], sources: tuple[str, ...], classes: tuple[Label, ...]
) -> NDArray[np.float32]:
    if _is_list(columns[0].type) and len(columns) == 1:
        return _from_lists(columns[0], sources[0], classes)
    pairs = zip(columns, sources, strict=True)
    return np.stack([_from_flags(column, name) for column, name in pairs], axis=1)


def _from_flags(column: Column, name: str) -> NDArray[np.float32]:
    flags = labels(column, name)
    found = find_classes(flags)
    if not set(found) <= {0, 1}:
        raise DataError(place(name), "0 and 1, or booleans", listing(found))
    return np.asarray(pc.fill_null(pc.cast(flags, pa.float32()), UNKNOWN).to_numpy(), np.float32)


def _from_lists(column: Column, name: str, classes: tuple[Label, ...]) -> NDArray[np.float32]:
    targets_NK = np.zeros((len(column), len(classes)), np.float32)
    codes, named = label_codes(_flat(column, name), classes, name)
    lengths_N = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), np.int64)
    rows = np.arange(len(column)).repeat(lengths_N)  # Arrow's own indices count what lies under a null
    targets_NK[rows[named], codes[named]] = 1.0
    targets_NK[~np.asarray(pc.is_valid(column).to_numpy())] = UNKNOWN
    return targets_NK


def _flat(column: Column, name: str) -> Column:
    if not _is_list(column.type):
        hint = "or name a column for each label in columns"
        raise DataError(place(name), "lists of labels", f"values of type {column.type}", hint)
    return labels(pc.list_flatten(column), name)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
