"""Numbers, booleans and times: scaled by the train rows, robust to outliers, with missing indicators."""

# N rows, K rows that are not missing, F columns, M columns with a missing indicator

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from typing_extensions import override

from mtl_search.data.inputs.fitted import NOTHING, FittedInputs, InputOptions, one_each
from mtl_search.data.notes import Note
from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.data.streamed import AnyTable, columns_of
from mtl_search.errors import DataError, Mismatch

__all__ = ["STEPS", "NumericInputs", "NumericOptions", "Said", "is_numeric", "read_numbers", "said"]

Said: TypeAlias = Literal["numbers", "dates", "times of day", "durations"]

LARGEST = 1e150  # what is further from zero stands here, so that no step of the scaling overflows
STEPS = 96  # between the quantiles that are kept, at most: 8, 12, 16, 24, 32 or 48 bins have an equal share
DIGITS = 6  # of them: features lie within 3 of 0
BENT = 1e9  # scaled values from here on are bent to 3 in float32, and their squares do not overflow


@final
class NumericOptions(InputOptions):
    """A column of numbers, also where they are written as text."""

    kind: Literal["numeric"] = "numeric"


@final
@dataclass(frozen=True, slots=True)
class NumericInputs(FittedInputs):
    """Columns of numbers as features near [-3, 3], then an indicator for each column that train misses.

    The median goes to 0 and the distance of the quartiles to 1 (if it is zero: half the range), then
    ``x / sqrt(1 + (x / 3)^2)`` bends outliers to less than 3 (Holzmueller et al. 2024, section 3.1). A
    missing number is 0, its indicator 1. The ``quantiles`` of a column are those of its feature where train
    does not miss it, each row counting once whatever it weighs, as in the median: fewer than rows, and none
    if it has two values.
    """

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    flagged: tuple[str, ...]
    quantiles: tuple[tuple[float, ...], ...]
    saw: tuple[Said, ...] = ()
    """What the numbers of each column were in train."""
    kind: Literal["numeric"] = "numeric"

    def __post_init__(self) -> None:
        saw = self.saw or self.columns
        one_each(self.columns, centres=self.centres, scales=self.scales, quantiles=self.quantiles, saw=saw)
        one_each(self.flagged)
        if others := set(self.flagged) - set(self.columns):
            raise Mismatch("missing numbers in columns of numbers", repr(sorted(others)[0]))
        for name, centre, scale in zip(self.columns, self.centres, self.scales, strict=True):
            if not (abs(centre) <= LARGEST and 1 / LARGEST <= scale < math.inf):
                expected = f"a centre within {LARGEST:g} of 0 and a scale from {1 / LARGEST:g}"
                raise Mismatch(expected, f"{centre:g} and {scale:g}", about=name)

    @staticmethod
    @override
    def reads(kind: pa.DataType) -> bool:
        return is_numeric(kind)

    @classmethod
    @override
    def fit(
        cls, train: AnyTable, columns: tuple[str, ...], options: Mapping[str, InputOptions] = NOTHING
    ) -> "NumericInputs":
        centres, scales, flagged, quantiles, saw = [], [], [], [], []
        for name, column in zip(columns, columns_of(train, columns), strict=True):
            values_N = _bounded(column, name)
            known_K = np.sort(values_N[~np.isnan(values_N)])
            low, first, centre, third, high = np.quantile(known_K, [0.0, 0.25, 0.5, 0.75, 1.0])
            scale = max(float(third - first) or float(high - low) / 2 or 1.0, 1 / LARGEST)
            centres.append(float(centre))
            scales.append(scale)
            quantiles.append(_quantiles(known_K, float(centre), scale))
            saw.append(said(column.type))
            if len(known_K) < len(values_N):
                flagged.append(name)
        return cls(columns, tuple(centres), tuple(scales), tuple(flagged), tuple(quantiles), tuple(saw))

    @property
    def features(self) -> tuple[str, ...]:
        """What each feature is."""
        return self.columns + tuple(f"missing {name}" for name in self.flagged)

    @property
    @override
    def shape(self) -> InputShape:
        indicators = ((),) * len(self.flagged)
        return InputShape(n_numeric=len(self.features), quantiles=(*self.quantiles, *indicators))

    @override
    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """``numeric``: the features as float32, N x (F + M)."""
        features = np.zeros((table.num_rows, len(self.columns) + len(self.flagged)), np.float32)
        indicators = {name: len(self.columns) + place for place, name in enumerate(self.flagged)}
        fitted = zip(columns_of(table, self.columns), self.columns, self.centres, self.scales, strict=True)
        for position, (column, name, centre, scale) in enumerate(fitted):
            values_N = _bent((_bounded(column, name) - centre) / scale)
            missing_N = np.isnan(values_N)
            np.copyto(values_N, 0.0, where=missing_N)
            features[:, position] = values_N
            if name in indicators:
                features[:, indicators[name]] = missing_N
        return {self.kind: torch.from_numpy(features)}, ()


def _quantiles(known_K: NDArray[np.float64], centre: float, scale: float) -> tuple[float, ...]:
    """Those of the feature that sorted numbers become, in equal shares of them."""
    values_K = np.round(_bent((known_K - centre) / scale), DIGITS)
    if ((values_K == values_K[0]) | (values_K == values_K[-1])).all():
        return ()
    steps = min(STEPS, len(values_K) - 1)
    return tuple(np.round(np.quantile(values_K, np.arange(steps + 1) / steps), DIGITS).tolist())


def _bent(values_N: NDArray[np.float64]) -> NDArray[np.float64]:
    """``x / sqrt(1 + (x / 3)^2)`` in the place of the values: every row of every table goes through here."""
    np.clip(values_N, -BENT, BENT, out=values_N)
    steps_N = values_N / 3
    np.sqrt(np.add(np.square(steps_N, out=steps_N), 1, out=steps_N), out=steps_N)
    return np.divide(values_N, steps_N, out=values_N)


def _bounded(column: pa.ChunkedArray, name: str) -> NDArray[np.float64]:
    return np.clip(read_numbers(column, name), -LARGEST, LARGEST)


def said(kind: pa.DataType) -> Said:
    """What numbers of this type say; as inputs, those of one word are alike whatever their type."""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "dates"
    if pa.types.is_time(kind):
        return "times of day"
    return "durations" if pa.types.is_duration(kind) else "numbers"


def is_numeric(kind: pa.DataType) -> bool:
    """Whether a column of this type is read as numbers."""
    types = pa.types
    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    is_time = types.is_temporal(kind) and not types.is_interval(kind)  # months have no fixed length
    return bool(is_number or types.is_boolean(kind) or is_time)


def read_numbers(column: pa.ChunkedArray, name: str) -> NDArray[np.float64]:
    """The column as float64, NaN where missing. DataError if a number is infinite.

    Times count in microseconds: dates and moments since 1970, times of day since midnight.
    """
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if not is_numeric(column.type):
        raise DataError(f"column {name!r}", "numbers, as in training", f"values of type {column.type}")
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        column = pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64())
    elif pa.types.is_temporal(column.type):
        kind = pa.time64("us") if pa.types.is_time(column.type) else pa.duration("us")
        column = pc.cast(pc.cast(column, kind, safe=False), pa.int64())
    values_N = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), np.float64)
    if np.isinf(values_N).any():
        found = f"{np.isinf(values_N).sum()} infinite values"
        raise DataError(f"column {name!r}", "finite numbers (or null)", found)
    return values_N
