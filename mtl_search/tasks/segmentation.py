"""A class for every pixel."""

# N rows, B rows of a batch, C copies, K classes, H x W pixels

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from typing_extensions import override

from mtl_search.errors import DataError, LabelError
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.base import Column
from mtl_search.tasks.class_weights import ClassWeights, class_weights
from mtl_search.tasks.columns import listing, place
from mtl_search.tasks.dense import (
    NO_LABEL,
    class_losses,
    counts_by_class,
    known_codes,
    mean_f1,
    mean_iou,
    measure_of_sums,
    share_right,
    shares_by_class,
)
from mtl_search.tasks.dice import soft_dice
from mtl_search.tasks.grids import Pixels, Size
from mtl_search.tasks.masks import codes_among, counts_of, masks_of
from mtl_search.tasks.metrics import Measure
from mtl_search.tasks.pixels import PixelOptions, PixelTask, as_lists, grids

__all__ = ["Segmentation"]

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        name: measure_of_sums(MetricKind(name, True), of_totals)
        for name, of_totals in (
            ("mean_iou", mean_iou),
            ("pixel_accuracy", share_right),
            ("mean_dice", mean_f1),
        )
    }
)
NO_CODE = 255  # in a byte
MOST = NO_CODE - 1  # classes


@final
@dataclass(frozen=True, slots=True)
class Segmentation(PixelTask):
    """A task of K classes with K logits a pixel.

    The loss is ``(1 - dice)`` times the cross-entropy plus ``dice`` times one less the Dice coefficient of
    the probabilities, of each class in each row, mean over classes (Milletari et al. 2016, without the
    squares below the line). A row counts by its labelled pixels in both, each by the weight of its class.
    """

    name: str
    role: Role
    metric: MetricKind
    over: str
    positions: Size
    size: Size
    """The height and width of masks that are stored as flat lists."""
    classes: tuple[int, ...]
    """The values of pixels."""
    missing: tuple[int | float | str, ...]
    weights: tuple[float, ...]
    """Of the classes in the loss; empty if all count the same."""
    dice: float
    rates: tuple[float, ...]
    """The share of each class in the pixels of train, by weight."""
    weight: float = 1.0
    kind: Literal["segmentation"] = "segmentation"

    @final
    class Config(PixelOptions):
        """Options: ``classes``, the values that pixels have, in their order (default: those that occur,
        sorted); ``missing``, values without a class (an ignore index: ``[255]``); ``class_weights``, a factor
        per class, or ``balanced``; ``dice``, the share of the Dice loss, 0 to 1, beside the cross-entropy.
        """

        kind: Literal["segmentation"] = "segmentation"
        metric: Literal["mean_iou", "pixel_accuracy", "mean_dice"] = "mean_iou"
        classes: Annotated[tuple[int, ...], Field(min_length=2, max_length=MOST, strict=False)] | None = None
        class_weights: ClassWeights = None
        dice: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0

        @override
        def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
            """For each class whether a pixel is of it."""
            rows = [
                None if row is None else counts_of(*row, name)
                for row in grids(columns[0], name, self.size, self.missing).rows()
            ]
            found = sorted({value for counts in rows if counts for value in counts})
            if self.classes is not None and (others := [v for v in found if v not in self.classes]):
                expected = f"one of classes ({listing(self.classes)}) in every pixel"
                hint = "values that are no class go under missing"
                raise DataError(place(name), expected, listing(others), hint)
            if len(found) > MOST:
                hint = "is it a map of numbers? kind: pixel_regression"
                raise DataError(place(name), f"at most {MOST} classes", f"{len(found):,} values", hint)
            return [
                np.array([int(value in counts) if counts else -1 for counts in rows], np.int64)
                for value in found
            ]

        @override
        def fit(
            self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
        ) -> "Segmentation":
            totals = Counter[int]()
            blocks = self.grids(name, train_columns[0]).blocks(self.image_size)
            rows = (pair for block in blocks for pair in zip(*block, strict=True))
            for at, (values_HW, known_HW) in enumerate(rows):
                of_row = 1 if weights_N is None else weights_N[at]
                for value, count in counts_of(values_HW, known_HW, name).items():
                    totals[value] += of_row * count
            classes = self.classes or tuple(sorted(totals))
            if absent := [value for value in classes if value not in totals]:
                expected = "pixels of each of the classes in train"
                raise LabelError(place(name), expected, f"none of {listing(absent)}")
            if len(classes) < 2:
                found = f"only {classes[0]}" if classes else "no label"
                raise LabelError(place(name), "two classes or more in the train rows", found)
            counts_K = np.array([totals[value] for value in classes])
            return Segmentation(
                name=name,
                role=self.role,
                weight=self.weight,
                metric=MEASURES[self.metric].kind,
                over=self.layout.column,
                positions=self.image_size,
                size=self.size or self.image_size,
                classes=classes,
                missing=self.missing,
                weights=class_weights(self.class_weights, name, classes, counts_K),
                dice=self.dice,
                rates=tuple((counts_K / counts_K.sum()).tolist()),
            )

    @property
    @override
    def n_outputs(self) -> int:
        return len(self.classes)

    @property
    @override
    def measures(self) -> Mapping[str, Measure]:
        return MEASURES

    @override
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """Codes 0 .. K-1 and 255 as uint8, N x H x W."""
        codes_NHW = np.full((len(columns[0]), *self.positions), NO_CODE, np.uint8)
        unseen: set[int] = set()
        for at, (values, known) in self._blocks(columns[0]):
            codes, of_class = codes_among(values, self.classes)
            unseen.update(counts_of(values, known & ~of_class, self.name))
            np.copyto(codes_NHW[at], codes, where=known & of_class, casting="unsafe")
        if unseen:
            raise LabelError(
                place(self.name),
                f"the classes of the train rows ({listing(self.classes)}) in every split",
                f"{listing(sorted(unseen))} in other rows alone",
                "leave these rows out, change the split, or list the values under missing",
            )
        return torch.from_numpy(codes_NHW), torch.from_numpy((codes_NHW != NO_CODE).any((1, 2)))

    def _blocks(self, column: Column) -> Iterator[tuple[slice, Pixels]]:
        start = 0
        for values, known in self.grids(column).blocks(self.positions):
            yield slice(start, start + len(values)), (values, known)
            start += len(values)

    @override
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        """Masks of the image's size; pixels are counted."""
        height, width = self.positions
        parts, others = [], Counter[int]()
        for _, (values, known) in self._blocks(columns[0]):
            _, of_class = codes_among(values, self.classes)
            others.update(counts_of(values, known & ~of_class, self.name))
            parts.append(masks_of(values, known & of_class))
        kind = pa.list_(pa.list_(pa.int64(), width), height)
        return [pa.chunked_array(parts, kind)], {str(value): others[value] for value in others}

    @override
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        codes_BHW = known_codes(targets_B, labelled_B, self.n_outputs)
        weights_K = outputs_BK.new_tensor(self.weights) if self.weights else None
        losses_BHW, counts_BHW = class_losses(outputs_BK, codes_BHW, weights_K)
        losses_B, counts_B = losses_BHW.sum((1, 2)), counts_BHW.sum((1, 2))
        if self.dice:
            of_dice_B = counts_B * (1.0 - soft_dice(outputs_BK, codes_BHW))
            losses_B = (1.0 - self.dice) * losses_B + self.dice * of_dice_B
        if weights_B is not None:
            losses_B = losses_B * weights_B
        return losses_B.sum() / counts_B.sum()

    @override
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The logarithms of the mean probabilities."""
        return outputs_NCK.log_softmax(2).logsumexp(1) - math.log(outputs_NCK.shape[1])

    @override
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """The probability of each class at each pixel, as exact as the outputs: there are many."""
        return outputs_NK.softmax(1)

    @override
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        """The class of each pixel, row by row of the image."""
        ends = (np.min_scalar_type(end(self.classes)) for end in (min, max))
        values_K = np.asarray(self.classes, np.result_type(*ends))
        return {"": as_lists(values_K[_likeliest(predictions).cpu().numpy()])}

    @override
    def truths(self, targets_N: Tensor) -> Tensor:
        return targets_N

    @override
    def evidence(self, outputs_NK: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor]:
        codes_NHW = known_codes(targets_N, None, self.n_outputs)
        sums_NS = counts_by_class(_likeliest(outputs_NK), codes_NHW, self.n_outputs)
        broken_N = ~outputs_NK.flatten(1).isfinite().all(1)
        return sums_NS.masked_fill(broken_N[:, None], math.nan), (codes_NHW != NO_LABEL).sum((1, 2))

    @override
    def summaries(self, targets_B: Tensor) -> Tensor:
        """The share of each class in the pixels of a row."""
        return shares_by_class(known_codes(targets_B, None, self.n_outputs), self.n_outputs)

    @override
    def describe(self) -> str:
        rate, value = max(zip(self.rates, self.classes, strict=True))
        return f"{self.n_outputs} classes, {rate:.1%} of pixels are {value}"


def _likeliest(scores_NKHW: Tensor) -> Tensor:
    """The class of the largest score, the first of equal ones: N x H x W. An ``argmax`` takes five times as
    long."""
    return scores_NKHW.max(dim=1).indices
