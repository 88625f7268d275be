"""A label for every token of a text, or every step of a series."""

# N rows, B rows of a batch, C copies, L tokens, T tokens of all rows, K tags

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.errors import DataError, LabelError
from mtl_search.features import FeatureSpec
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.base import Column, Level
from mtl_search.tasks.class_weights import ClassWeights, class_weights
from mtl_search.tasks.columns import (
    Label,
    check_classes,
    check_labels,
    find_classes,
    label_codes,
    place,
    without_unseen,
)
from mtl_search.tasks.dense import (
    NO_LABEL,
    DenseTask,
    class_losses,
    counts_by_class,
    known_codes,
    mean_f1,
    measure_of_sums,
    share_right,
    shares_by_class,
)
from mtl_search.tasks.metrics import Measure
from mtl_search.tasks.spans import N_COUNTS, are_iob2, count_spans, span_f1
from mtl_search.tasks.tokens import LabelLists, TokenOptions, token_head

__all__ = ["Tagging"]

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "token_accuracy": measure_of_sums(
            MetricKind("token_accuracy", True), lambda totals_S: share_right(totals_S[:-N_COUNTS])
        ),
        "macro_f1": measure_of_sums(
            MetricKind("macro_f1", True), lambda totals_S: mean_f1(totals_S[:-N_COUNTS])
        ),
        "span_f1": measure_of_sums(
            MetricKind("span_f1", True), lambda totals_S: span_f1(totals_S[-N_COUNTS:])
        ),
    }
)
MOST = 2**15 - 1  # tags, whose codes are int16


@final
@dataclass(frozen=True, slots=True)
class Tagging(DenseTask):
    """A task of K tags with K logits a token, and one more output that says whether there is a token.

    The loss is the mean cross-entropy over all tokens with a tag. Where tags are those of spans in IOB2,
    ``span_f1`` is a metric too.
    """

    level: ClassVar[Level] = "token"

    name: str
    role: Role
    metric: MetricKind
    over: str
    positions: tuple[int]
    classes: tuple[Label, ...]
    missing: tuple[int | float | str, ...]
    weights: tuple[float, ...]
    """Of the tags in the loss; empty if all count the same."""
    rates: tuple[float, ...]
    """The share of each tag in the tokens of train, by weight."""
    weight: float = 1.0
    kind: Literal["tagging"] = "tagging"

    def __post_init__(self) -> None:
        check_labels(self.classes)

    @final
    class Config(TokenOptions):
        """Options: ``classes``, the tags as they are written, in their order (default: those that occur,
        sorted); ``missing``, values of a token that are no tag, as null is none; ``class_weights``, a factor
        per tag, or ``balanced``.
        """

        kind: Literal["tagging"] = "tagging"
        metric: Literal["token_accuracy", "macro_f1", "span_f1"] = "token_accuracy"
        classes: Annotated[tuple[Label, ...], Field(min_length=2, max_length=MOST, strict=False)] | None = (
            None
        )
        class_weights: ClassWeights = None

        @override
        def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
            """For each tag whether a token has it."""
            read = LabelLists.read(columns[0], name, self.missing)
            tags = find_classes(read.flat_T)
            if self.classes is not None:
                check_classes(read.flat_T, self.classes, name)
            if len(tags) > MOST:
                raise DataError(place(name), f"at most {MOST:,} tags", f"{len(tags):,}")
            codes_T, known_T = label_codes(read.flat_T, tags, name)
            rows_T, codes_T = read.rows_T[known_T], codes_T[known_T]
            found_KN = np.full((len(tags), len(read.lengths_N)), -1, np.int64)
            found_KN[:, rows_T] = 0
            found_KN[codes_T, rows_T] = 1
            return list(found_KN)

        @override
        def fit(
            self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
        ) -> "Tagging":
            read = LabelLists.read(train_columns[0], name, self.missing)
            found = find_classes(read.flat_T)
            tags = self.classes or found
            if absent := [tag for tag in tags if tag not in found]:
                raise LabelError(place(name), "tokens of each of classes in train", f"none of {absent[0]!r}")
            if len(tags) < 2:
                what = f"only {tags[0]!r}" if tags else "no label"
                raise LabelError(place(name), "two tags or more in the train rows", what)
            if self.metric == "span_f1" and not are_iob2(tags):
                other = next(tag for tag in tags if not are_iob2([tag, "B-x"]))
                expected = "tags of spans in IOB2 (B-city, I-city, O), as metric: span_f1 needs them"
                raise DataError(place(name), expected, repr(other))
            codes_T, known_T = label_codes(read.flat_T, tags, name)
            of_tokens = None if weights_N is None else weights_N[read.rows_T[known_T]]
            counts_K = np.bincount(codes_T[known_T], of_tokens).astype(np.float64)
            return Tagging(
                name=name,
                role=self.role,
                weight=self.weight,
                metric=MEASURES[self.metric].kind,
                over=self.layout.column,
                positions=(self.length,),
                classes=tags,
                missing=self.missing,
                weights=class_weights(self.class_weights, name, tags, counts_K),
                rates=tuple((counts_K / counts_K.sum()).tolist()),
            )

    @property
    @override
    def n_outputs(self) -> int:
        return len(self.classes) + 1

    @property
    @override
    def measures(self) -> Mapping[str, Measure]:
        if are_iob2(self.classes):
            return MEASURES
        return {name: measure for name, measure in MEASURES.items() if name != "span_f1"}

    @override
    def extents(self, columns: Sequence[Column]) -> NDArray[np.int64]:
        return LabelLists.read(columns[0], self.name).lengths_N[:, None]

    @override
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """Codes 0 .. K-1 and -1 as int16, N x L."""
        read = LabelLists.read(columns[0], self.name, self.missing)
        codes_T, known_T = label_codes(read.flat_T, self.classes, self.name)
        codes_NL = read.padded(np.where(known_T, codes_T, NO_LABEL), self.positions[0], NO_LABEL)
        return torch.from_numpy(codes_NL), torch.from_numpy((codes_NL != NO_LABEL).any(1))

    @override
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        """Lists of the same lengths; tokens are counted."""
        read = LabelLists.read(columns[0], self.name, self.missing)
        flat_T, others = without_unseen(read.flat_T, self.classes, self.name)
        return [read.column(flat_T)], others

    @override
    def head(self, spec: FeatureSpec) -> nn.Module:
        return token_head(spec, len(self.classes), self.positions[0])

    @override
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        codes_BL = known_codes(targets_B, labelled_B, len(self.classes))
        weights_K = outputs_BK.new_tensor(self.weights) if self.weights else None
        losses_BL, counts_BL = class_losses(outputs_BK[..., :-1].transpose(1, 2), codes_BL, weights_K)
        if weights_B is not None:
            losses_BL = losses_BL * weights_B[:, None]
        return losses_BL.sum() / counts_BL.sum()

    @override
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The logarithms of the mean probabilities."""
        logits_NCLK, there_NCL1 = outputs_NCK[..., :-1], outputs_NCK[..., -1:]
        mean_NLK = logits_NCLK.log_softmax(-1).logsumexp(1) - math.log(outputs_NCK.shape[1])
        return torch.cat([mean_NLK, there_NCL1.mean(1)], dim=-1)

    @override
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """The probability of each tag at each token, and whether there is a token, as the outputs say it."""
        return torch.cat([outputs_NK[..., :-1].softmax(-1), outputs_NK[..., -1:]], dim=-1)

    @override
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        """The likeliest tag of each token there is."""
        there_NL = predictions[..., -1] > 0.5
        likeliest_T = predictions[..., :-1].argmax(-1)[there_NL].cpu().numpy()
        offsets = np.concatenate([[0], there_NL.sum(1).cumsum(0).cpu().numpy()])
        values = pa.array(self.classes).take(pa.array(likeliest_T))
        return {"": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)}

    @override
    def truths(self, targets_N: Tensor) -> Tensor:
        return targets_N

    @override
    def evidence(self, outputs_NK: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor]:
        """Counts by tag (`counts_by_class`) and then those of spans."""
        codes_NL = known_codes(targets_N, None, len(self.classes))
        known_NL = codes_NL != NO_LABEL
        logits_NLK = outputs_NK[..., :-1]
        said_NL = logits_NLK.argmax(-1)
        spans_N3 = count_spans(said_NL, codes_NL, self.classes)
        sums_NS = torch.cat([counts_by_class(said_NL, codes_NL, len(self.classes)), spans_N3], dim=1)
        broken_N = (~logits_NLK.isfinite().all(-1) & known_NL).any(1)
        return sums_NS.masked_fill(broken_N[:, None], math.nan), known_NL.sum(1)

    @override
    def summaries(self, targets_B: Tensor) -> Tensor:
        """The share of each tag in the tokens of a row."""
        return shares_by_class(known_codes(targets_B, None, len(self.classes)), len(self.classes))

    @override
    def describe(self) -> str:
        rate, tag = max(zip(self.rates, map(repr, self.classes), strict=True))
        return f"{len(self.classes)} tags, {rate:.1%} of tokens are {tag}"
