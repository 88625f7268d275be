"""A number for every pixel: depth, height, temperature."""

# N rows, B rows of a batch, C copies, K = 1, H x W pixels, S sums

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import PositiveFloat
from torch import Tensor
from typing_extensions import override

from mtl_search.errors import DataError, LabelError
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.base import Column, mean_loss
from mtl_search.tasks.columns import place
from mtl_search.tasks.dense import Sums, by_row, measure_of_sums
from mtl_search.tasks.grids import Size
from mtl_search.tasks.metrics import R2_FLOOR, Measure
from mtl_search.tasks.pixels import PixelOptions, PixelTask, as_lists, grids
from mtl_search.tasks.regression import losses_of
from mtl_search.tasks.transforms import Log1p

__all__ = ["PixelRegression"]


def _mean(part: int, whole: int, totals_S: Sums) -> float:
    return float(totals_S[part] / totals_S[whole]) if totals_S[whole] > 0 else math.nan


def _rmse(totals_S: Sums) -> float:
    return math.sqrt(_mean(SQUARES, PIXELS, totals_S))


def _mae(totals_S: Sums) -> float:
    return _mean(ABSOLUTES, PIXELS, totals_S)


def _abs_rel(totals_S: Sums) -> float:
    return _mean(RELATIVES, NONZERO, totals_S)


def _r2(totals_S: Sums) -> float:
    if not totals_S[PIXELS] > 0:
        return math.nan
    spread = totals_S[TRUE_SQUARES] - totals_S[TRUTHS] ** 2 / totals_S[PIXELS]
    noise = 1e-12 * totals_S[TRUE_SQUARES]  # what rounding leaves of one value everywhere
    return float(1.0 - totals_S[SQUARES] / spread) if spread > noise else math.nan


SQUARES, ABSOLUTES, RELATIVES, PIXELS, NONZERO, TRUTHS, TRUE_SQUARES = range(7)
"""The sums of a row: of its errors squared, absolute and relative; its labelled pixels and those that are not
0, of which relative errors are; its truths, less their mean in train, and their squares."""

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        kind.name: measure_of_sums(kind, of_totals)
        for kind, of_totals in (
            (MetricKind("rmse", False), _rmse),
            (MetricKind("abs_rel", False), _abs_rel),
            (MetricKind("mae", False), _mae),
            (MetricKind("r2", True, floor=R2_FLOOR), _r2),
        )
    }
)


@final
@dataclass(frozen=True, slots=True)
class PixelRegression(PixelTask):
    """A task of one number a pixel, standardised by the train rows; metrics are in its own unit.

    ``abs_rel`` is the mean of ``|said - true| / |true|`` over the pixels that are not 0. ``delta``: where the
    Huber loss turns from squares to absolute values, in standard deviations; infinite for squares alone.
    """

    name: str
    role: Role
    metric: MetricKind
    over: str
    positions: Size
    size: Size
    """The height and width of maps that are stored as flat lists."""
    missing: tuple[int | float | str, ...]
    mean: float
    scale: float
    delta: float
    transform: Log1p | None = None
    weight: float = 1.0
    kind: Literal["pixel_regression"] = "pixel_regression"

    @final
    class Config(PixelOptions):
        """Options: ``missing``, values that are none (depth 0: ``[0]``); ``loss``, by default what the metric
        asks for: ``mse`` for rmse and r2, ``mae`` (absolute values) for mae and abs_rel; or ``huber``, with
        ``delta``. ``transform``: ``log1p``, if a factor counts the same at every size.
        """

        kind: Literal["pixel_regression"] = "pixel_regression"
        metric: Literal["rmse", "abs_rel", "mae", "r2"] = "rmse"
        loss: Literal["mse", "mae", "huber"] | None = None
        delta: PositiveFloat = 1.0
        transform: Literal["log1p"] | None = None

        @property
        def _delta(self) -> float:
            """Of the loss, which follows the metric if none is named."""
            loss = self.loss or ("mae" if self.metric in ("mae", "abs_rel") else "mse")
            return self.delta if loss == "huber" else 0.0 if loss == "mae" else math.inf

        @override
        def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
            rows = grids(columns[0], name, self.size, self.missing).rows()
            return [np.array([0 if row is not None and row[1].any() else -1 for row in rows], np.int64)]

        @override
        def fit(
            self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
        ) -> "PixelRegression":
            transform = None if self.transform is None else Log1p()
            sums_3, ends, start, at = np.zeros(3), [math.inf, -math.inf], math.nan, 0
            for values, known in self.grids(name, train_columns[0]).blocks(self.image_size):
                learned = _learned(values, known, transform, name)
                if known.any():
                    ends = [min(ends[0], np.nanmin(learned)), max(ends[1], np.nanmax(learned))]
                    start = ends[0] if math.isnan(start) else start  # near the mean: what is squared is small
                rows = slice(at, at + len(values))
                of_row = np.ones(len(values)) if weights_N is None else weights_N[rows]
                from_start = np.where(known, learned - start, 0.0)
                sums = (known.sum((1, 2)), from_start.sum((1, 2)), (from_start**2).sum((1, 2)))
                sums_3 += np.stack(sums) @ of_row
                at += len(values)
            if not ends[0] < ends[1]:
                found = f"only {ends[0]:g}" if ends[0] == ends[1] else "no label"
                raise LabelError(place(name), "different values in the train rows", found)
            mean, square = sums_3[1:] / sums_3[0]
            return PixelRegression(
                name=name,
                role=self.role,
                weight=self.weight,
                metric=MEASURES[self.metric].kind,
                over=self.layout.column,
                positions=self.image_size,
                size=self.size or self.image_size,
                missing=self.missing,
                mean=float(start + mean),
                scale=float(np.sqrt(square - mean**2)),
                delta=self._delta,
                transform=transform,
            )

    @property
    @override
    def n_outputs(self) -> int:
        return 1

    @property
    @override
    def measures(self) -> Mapping[str, Measure]:
        return MEASURES

    @override
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """Standardised float32, N x H x W, NaN where there is none."""
        targets_NHW = np.full((len(columns[0]), *self.positions), np.nan, np.float32)
        at = 0
        for values, known in self.grids(columns[0]).blocks(self.positions):
            learned = _learned(values, known, self.transform, self.name)
            targets_NHW[at : at + len(values)] = (learned - self.mean) / self.scale
            at += len(values)
        targets = torch.from_numpy(targets_NHW)
        return targets, ~targets.isnan().flatten(1).all(1)

    @override
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        """Every number may be."""
        self.grids(columns[0])
        return list(columns), {}

    @override
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        known_BHW = ~targets_B.isnan() & by_row(labelled_B, targets_B)
        targets_BHW = targets_B.masked_fill(~known_BHW, 0.0)
        return mean_loss(losses_of(outputs_BK[:, 0], targets_BHW, self.delta), known_BHW, weights_B)

    @override
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The mean in the unit that is learned, as of a regression."""
        return outputs_NCK.mean(1, dtype=torch.float64).to(outputs_NCK.dtype)

    @override
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """N x H x W numbers in their own unit, as exact as the outputs: there are many."""
        learned_NHW = outputs_NK[:, 0] * self.scale + self.mean
        return learned_NHW if self.transform is None else self.transform.predicted(learned_NHW)

    @override
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        """The number of each pixel, row by row of the image."""
        return {"": as_lists(predictions.cpu().numpy())}

    @override
    def truths(self, targets_N: Tensor) -> Tensor:
        learned_NHW = targets_N * self.scale + self.mean
        return learned_NHW if self.transform is None else self.transform.inverse(learned_NHW)

    @override
    def evidence(self, outputs_NK: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor]:
        said_NHW, truths_NHW = self.predictions(outputs_NK), self.truths(targets_N)
        known_NHW = ~truths_NHW.isnan()
        truths_NHW = truths_NHW.masked_fill(~known_NHW, 0.0)
        errors_NHW = (said_NHW - truths_NHW).masked_fill(~known_NHW, 0.0).abs()
        nonzero_NHW = truths_NHW != 0
        relative_NHW = (errors_NHW / truths_NHW.abs()).masked_fill(~nonzero_NHW, 0.0)
        centred_NHW = (truths_NHW - self._centre).masked_fill(~known_NHW, 0.0)
        parts = (errors_NHW**2, errors_NHW, relative_NHW, known_NHW, nonzero_NHW, centred_NHW, centred_NHW**2)
        sums_NS = torch.stack([part.sum((1, 2), dtype=torch.float64) for part in parts], dim=1)
        broken_N = ~outputs_NK.flatten(1).isfinite().all(1)
        return sums_NS.masked_fill(broken_N[:, None], math.nan), known_NHW.sum((1, 2))

    @property
    def _centre(self) -> float:
        """About the mean of the truths in their own unit."""
        if self.transform is None:
            return self.mean
        return float(self.transform.inverse(torch.tensor([self.mean], dtype=torch.float64)))

    @override
    def summaries(self, targets_B: Tensor) -> Tensor:
        """The mean of a row's pixels."""
        return targets_B.nanmean((1, 2))[:, None]

    @override
    def describe(self) -> str:
        of = "" if self.transform is None else f" after {self.transform.kind}"
        return f"mean {self.mean:.4g}, standard deviation {self.scale:.4g}{of} of pixels"


def _learned(
    values: NDArray[np.float64], known: NDArray[np.bool_], transform: Log1p | None, name: str
) -> NDArray[np.float64]:
    """The values in the unit that is learned, NaN where there is none."""
    values = np.where(known, values, np.nan).astype(np.float64)
    if n_infinite := int(np.isinf(values).sum()):
        raise DataError(place(name), "finite numbers", f"{n_infinite:,} infinite values")
    return values if transform is None else transform.forward(values, name)
