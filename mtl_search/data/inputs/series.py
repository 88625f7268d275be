"""Speech frames, readings of sensors: some numbers at each step of rows of different lengths."""

# N rows, S steps of all rows together, C channels, L steps at most

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import PositiveInt
from typing_extensions import override

from mtl_search.data.frames import Frames, count_steps, is_bytes, is_flat, is_of_frames, read_frames, width_of
from mtl_search.data.inputs.fitted import NOTHING, FittedInputs, InputOptions, one_each
from mtl_search.data.moments import Moments
from mtl_search.data.notes import Note
from mtl_search.data.shapes import Inputs, InputShape, SeriesShape, check_channels
from mtl_search.data.streamed import AnyTable, columns_of, parts_of, type_of
from mtl_search.errors import DataError
from mtl_search.tasks.base import Layout

__all__ = ["FittedSeries", "SeriesInputs", "SeriesOptions"]

LARGEST = float(np.finfo(np.float16).max)
UNSAID = "`channels`, the numbers at each step, for a column that stores the steps one after another"


@final
class SeriesOptions(InputOptions):
    """A column of series: lists of lists of numbers, or flat lists or bytes of ``channels`` numbers a step.

    Of longer ones the first ``length`` steps are read; if it is not said, all of the longest in train.
    """

    kind: Literal["series"] = "series"
    channels: PositiveInt | None = None
    length: PositiveInt | None = None


@final
@dataclass(frozen=True, slots=True)
class FittedSeries:
    """What train says of a column: the mean and standard deviation of each channel over all steps kept."""

    channels: int
    length: int
    means: tuple[float, ...]
    scales: tuple[float, ...]
    raw: Literal["uint8", "float16"]

    def __post_init__(self) -> None:
        check_channels(self.channels, self.means, self.scales, self.length)


@final
@dataclass(frozen=True, slots=True)
class SeriesInputs(FittedInputs):
    """Columns of series, padded to one length each.

    Bytes are stored as they are and standardised by the encoder. Other numbers are standardised before they
    are stored as float16: its eleven bits are then a fraction of what a channel varies, whatever its unit.
    A series that is missing or has no step is of length 0.
    """

    columns: tuple[str, ...]
    series: tuple[FittedSeries, ...] = ()
    kind: Literal["series"] = "series"

    def __post_init__(self) -> None:
        one_each(self.columns, series=self.series)

    @staticmethod
    @override
    def reads(kind: pa.DataType) -> bool:
        return is_of_frames(kind)

    @classmethod
    @override
    def takes(cls, kind: pa.DataType) -> bool:
        return is_of_frames(kind) or is_bytes(kind) or is_flat(kind)

    @classmethod
    @override
    def fit(
        cls, train: AnyTable, columns: tuple[str, ...], options: Mapping[str, InputOptions] = NOTHING
    ) -> "SeriesInputs":
        fitted = []
        for name, parts in zip(columns, parts_of(train, columns), strict=True):
            said = options.get(name, SeriesOptions())
            assert isinstance(said, SeriesOptions)
            fitted.append(_fit(parts, type_of(train, name), name, said))
        return cls(columns, tuple(fitted))

    @property
    @override
    def shape(self) -> InputShape:
        return InputShape(series=tuple(map(_shape, self.columns, self.series)))

    @property
    @override
    def layouts(self) -> dict[str, Layout]:
        fitted = zip(self.columns, self.series, strict=True)
        return {name: Layout(name, (series.length,)) for name, series in fitted}

    @override
    def extents(self, table: pa.Table, column: str) -> NDArray[np.int64]:
        series = self.series[self.columns.index(column)]
        return count_steps(table[column], series.channels)[:, None]

    @override
    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """``series:<column>``: uint8 or float16, N x L x C; ``series:<column>:length``: int32 N."""
        found: Inputs = {}
        notes: list[Note] = []
        fitted = zip(self.columns, columns_of(table, self.columns), self.series, strict=True)
        for name, column, series in fitted:
            key = _shape(name, series).key
            values_NLC, lengths_N, n_cut = _encode(column, name, series)
            found |= {key: torch.from_numpy(values_NLC), f"{key}:length": torch.from_numpy(lengths_N)}
            n_empty = int((lengths_N == 0).sum()) - column.null_count
            notes += _notes(name, series.length, len(column), n_cut, n_empty)
        return found, tuple(notes)


def _shape(name: str, series: FittedSeries) -> SeriesShape:
    """As the encoder standardises it: not a second time."""
    stored = series.raw == "uint8"
    means = series.means if stored else (0.0,) * series.channels
    scales = series.scales if stored else (1.0,) * series.channels
    return SeriesShape(name, series.channels, series.length, means, scales, series.raw)


def _notes(name: str, length: int, n_rows: int, n_cut: int, n_empty: int) -> tuple[Note, ...]:
    """On series that are cut, and on those without a step that are not null."""
    cut = f": {{:,}} of {{:,}} series have more than {length} steps and are cut"
    empty = ": {:,} of {:,} series have no step and count as missing"
    column = f"column {name!r}"
    return Note(column, cut, (n_cut, n_rows)), Note(column, empty, (n_empty, n_rows))


def _fit(parts: Iterator[pa.ChunkedArray], kind: pa.DataType, name: str, said: SeriesOptions) -> FittedSeries:
    if said.channels is None and not is_of_frames(kind):
        raise DataError(f"column {name!r}", UNSAID, f"values of type {kind}")
    longest, moments = 0, None
    for part in parts:
        channels = _channels(part, name, said.channels) if moments is None else moments.channels
        if channels is None:
            continue
        for frames in read_frames(part, name, channels):
            longest = max(longest, int(frames.lengths_N.max(initial=0)))
            kept_S = _kept(frames.lengths_N, said.length)
            if len(values_SC := frames.values_SC[kept_S].astype(np.float64)):
                moments = moments or Moments(values_SC[0])
                kept_N = frames.lengths_N if said.length is None else frames.lengths_N.clip(max=said.length)
                moments.add(values_SC, kept_N[kept_N > 0])
    if moments is None:
        raise DataError(f"column {name!r}", "a series with a step among the train rows", "none")
    return FittedSeries(
        moments.channels,
        longest if said.length is None else min(said.length, longest),
        *moments.means_and_scales(),
        "uint8" if _is_of_bytes(kind) else "float16",
    )


def _channels(part: pa.ChunkedArray, name: str, said: int | None) -> int | None:
    """How many numbers a step has, None if no step tells; DataError if another number is said."""
    if not is_of_frames(part.type):
        return said
    found = width_of(part)
    if found is not None and said not in (None, found):
        raise DataError(f"column {name!r}", f"steps of {said} numbers, as it is declared", str(found))
    return found


def _is_of_bytes(kind: pa.DataType) -> bool:
    while not is_bytes(kind) and pa.types.is_nested(kind):
        kind = kind.value_type
    return is_bytes(kind) or pa.types.is_uint8(kind)


def _kept(lengths_N: NDArray[np.int64], length: int | None) -> NDArray[np.bool_]:
    """The steps of all rows that are among the first ``length`` of theirs."""
    if length is None or lengths_N.max(initial=0) <= length:
        return np.ones(lengths_N.sum(), np.bool_)
    return _places(lengths_N) < length


def _places(lengths_N: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each step within its row."""
    starts_N = np.cumsum(lengths_N) - lengths_N
    return np.asarray(np.arange(lengths_N.sum()) - np.repeat(starts_N, lengths_N))


def _encode(
    column: pa.ChunkedArray, name: str, series: FittedSeries
) -> tuple[NDArray[Any], NDArray[np.int32], int]:
    """``(values_NLC, lengths_N, how many rows are cut)``."""
    values_NLC = np.zeros((len(column), series.length, series.channels), series.raw)
    lengths_N = np.zeros(len(column), np.int32)
    n_cut, first = 0, 0
    for frames in _stored(column, name, series):
        rows_S = np.repeat(np.arange(len(frames.lengths_N)), frames.lengths_N)
        places_S = _places(frames.lengths_N)
        kept_S = places_S < series.length
        values_NLC[first + rows_S[kept_S], places_S[kept_S]] = frames.values_SC[kept_S]
        lengths_N[first : first + len(frames.lengths_N)] = np.minimum(frames.lengths_N, series.length)
        n_cut += int((frames.lengths_N > series.length).sum())
        first += len(frames.lengths_N)
    return values_NLC, lengths_N, n_cut


def _stored(column: pa.ChunkedArray, name: str, series: FittedSeries) -> Iterator[Frames]:
    """The rows, some at a time, with their numbers as they are stored."""
    for lengths_N, values_SC in read_frames(column, name, series.channels):
        if series.raw == "uint8":
            if values_SC.dtype != np.uint8:
                wrong_SC = (values_SC < 0) | (values_SC > 255) | (values_SC != np.floor(values_SC))
                if wrong_SC.any():
                    found = f"{values_SC[wrong_SC][0]:g}"
                    raise DataError(f"column {name!r}", "whole numbers from 0 to 255, as in training", found)
            yield Frames(lengths_N, values_SC.astype(np.uint8))
        else:
            scaled_SC = (values_SC - np.asarray(series.means)) / np.asarray(series.scales)
            yield Frames(lengths_N, np.clip(scaled_SC, -LARGEST, LARGEST).astype(np.float16))
