"""Columns of images as tables hold them: lists of bytes, encoded bytes, paths."""

# N rows, V values, D depths of lists, H x W pixels, C channels

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.folders import folder_of
from mtl_search.data.inputs.categorical import is_categorical
from mtl_search.data.inputs.pixels import BrokenImageError, Pixels, Size, Stored, begins_image, pixels_in
from mtl_search.data.plain import plain_column
from mtl_search.errors import DataError

__all__ = ["Images", "Lists", "are_bytes", "cells_of", "holds_images", "may_be_images", "read_images"]

Flags: TypeAlias = NDArray[np.bool_]
Whole: TypeAlias = NDArray[np.int64]

LOOKED_AT = 20  # values that say whether a column of bytes holds images


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a column; one that is missing or broken is not known, and all zeros.

    ``reasons``: why those that are broken are.
    """

    pixels_NHWC: Pixels
    known_N: Flags
    reasons: tuple[str, ...]


def may_be_images(kind: pa.DataType) -> bool:
    """Whether values of this type can be images, if they are said to be."""
    kind = _plain_type(kind)
    return bool(_is_list(kind) or are_bytes(kind) or is_categorical(kind) or pa.types.is_null(kind))


def holds_images(column: pa.ChunkedArray) -> bool:
    """Whether a column of bytes, or of structs with bytes, is of images, judged by the first ones."""
    if not are_bytes(column.type):
        return False
    values = plain_column(_plain(column)).drop_null().slice(0, LOOKED_AT).to_pylist()
    return bool(values) and all(map(begins_image, values))


def read_images(table: pa.Table, name: str, size: Size) -> Images:
    """All images of a column, at one size; DataError for values that are no images of any kind."""
    cells = cells_of(table, name)
    if isinstance(cells, Lists) and (found := cells.all_at_once(size)) is not None:
        return found
    pixels_NHWC = np.zeros((table.num_rows, size.height, size.width, size.channels), np.uint8)
    known_N, reasons = np.zeros(table.num_rows, np.bool_), []
    for row, stored in enumerate(cells):
        if stored is None:
            continue
        try:
            pixels_NHWC[row] = pixels_in(stored, size)
            known_N[row] = True
        except BrokenImageError as error:
            reasons.append(str(error))
    return Images(pixels_NHWC, known_N, tuple(reasons))


def cells_of(table: pa.Table, name: str) -> "Lists | Encoded":
    """What stands in each row of a column; DataError if it can be no image."""
    column = _plain(table[name])
    if _is_list(column.type):
        return Lists.of(column, name)
    if may_be_images(column.type):
        return Encoded(column, folder_of(table))
    expected = "lists of bytes, encoded images or paths of files"
    raise DataError(f"column {name!r}", expected, f"values of type {column.type}")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A column of encoded images, or of the paths of files that start at ``folder``."""

    column: pa.ChunkedArray
    folder: Path

    def __iter__(self) -> Iterator[Stored | None]:
        for value in self.column:
            stored = value.as_py()
            yield self.folder / stored if isinstance(stored, str) else stored


@dataclass(frozen=True, slots=True)
class Lists:
    """A column of flat or nested lists: how many values, and lists inside, each row has."""

    values_V: Pixels
    known_V: Flags | None  # None: all
    counts_DN: Whole
    valid_N: Flags

    @classmethod
    def of(cls, column: pa.ChunkedArray, name: str) -> "Lists":
        """DataError for other values than whole numbers from 0 to 255."""
        valid_N = np.asarray(column.is_valid())
        counts = [_lengths(column)]
        values = pc.list_flatten(column)
        while _is_list(values.type):
            inner = np.concatenate([[0], _lengths(values).cumsum()])
            ends_N = counts[-1].cumsum()
            counts.append(inner[ends_N] - inner[ends_N - counts[-1]])
            values = pc.list_flatten(values)
        known_V = np.asarray(values.is_valid()) if values.null_count else None
        return cls(_as_bytes(values, name), known_V, np.stack(counts), valid_N)

    def __iter__(self) -> Iterator[Stored | None]:
        ends_N = self.counts_DN[-1].cumsum()
        for row, (end, valid) in enumerate(zip(ends_N, self.valid_N, strict=True)):
            counts_D = self.counts_DN[:, row]
            span = slice(end - counts_D[-1], end)
            if not valid:
                yield None
            elif counts_D.min() == 0 or (self.known_V is not None and not self.known_V[span].all()):
                yield np.empty(0, np.uint8)  # which is of no size
            else:
                shape = [counts_D[0], *(counts_D[1:] // counts_D[:-1])]
                regular = np.prod(shape) == counts_D[-1]
                yield self.values_V[span].reshape(shape if regular else -1)

    def all_at_once(self, size: Size) -> Images | None:
        """The images, if all that are there are whole and of this size already."""
        counts_DN = self.counts_DN[:, self.valid_N]
        of_size = {(size.numbers,), _products(size.height, size.width, size.channels)}
        if size.channels == 1:
            of_size.add(_products(size.height, size.width))
        same = len(counts_DN) and counts_DN.shape[1] and (counts_DN == counts_DN[:, :1]).all()
        if self.known_V is not None or not same or tuple(counts_DN[:, 0].tolist()) not in of_size:
            return None
        pixels_NHWC = self.values_V.reshape(-1, size.height, size.width, size.channels)
        if not self.valid_N.all():
            spread_NHWC = np.zeros((len(self.valid_N), *pixels_NHWC.shape[1:]), np.uint8)
            spread_NHWC[self.valid_N] = pixels_NHWC
            pixels_NHWC = spread_NHWC
        return Images(pixels_NHWC, self.valid_N, ())


def _products(*sizes: int) -> tuple[int, ...]:
    return tuple(np.cumprod(sizes).tolist())


def _lengths(column: pa.ChunkedArray) -> Whole:
    return np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), np.int64)


def _as_bytes(values: pa.ChunkedArray, name: str) -> Pixels:
    """Missing ones as zero."""
    types, expected = pa.types, "whole numbers from 0 to 255 as pixels"
    if not (types.is_integer(values.type) or types.is_floating(values.type) or types.is_null(values.type)):
        raise DataError(f"column {name!r}", expected, f"values of type {values.type}")
    found_V = np.asarray(
        pc.fill_null(pc.cast(values, pa.uint8()) if types.is_null(values.type) else values, 0)
    )
    if found_V.dtype == np.uint8 or not len(found_V):
        return found_V.astype(np.uint8, copy=False)
    wrong_V = ~((found_V >= 0) & (found_V <= 255) & (found_V == np.floor(found_V)))
    if wrong_V.any():
        hint = "multiply by 255 and round" if found_V.min() >= 0 and found_V.max() <= 1 else None
        raise DataError(f"column {name!r}", expected, f"{found_V[wrong_V][0]:g}", hint)
    return found_V.astype(np.uint8)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Of structs of bytes and a path, as data sets on hubs have them, the bytes."""
    return column if _plain_type(column.type) == column.type else pc.struct_field(column, "bytes")


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        return kind.field("bytes").type
    return kind


def are_bytes(kind: pa.DataType) -> bool:
    """Whether values of this type are bytes, or structs with bytes."""
    types, kind = pa.types, _plain_type(kind)
    plain = types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    return bool(plain or types.is_binary_view(kind))


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))
