"""Columns of grids: a mask or a map of numbers a row, at the size at which networks read its image.

A grid is a list of its rows, a flat list of its values row by row, or the bytes of a PNG file.
"""

# B rows of a block, H x W pixels of the image as networks read it, h x w of the grid as it is stored

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.errors import DataError
from mtl_search.tasks.base import Column
from mtl_search.tasks.columns import count_rows, place

__all__ = ["Grids", "Size", "nearest_pixels"]

Size: TypeAlias = tuple[int, int]
Pixels: TypeAlias = tuple[NDArray[Any], NDArray[np.bool_]]
"""Values, and which of them are there."""

BROKEN = (OSError, SyntaxError, ValueError)  # what Pillow raises
BLOCK = 256  # rows that are looked at together
PNG = b"\x89PNG\r\n\x1a\n"
GREY = re.compile("1|L|P|I|I;16.*")  # Pillow's modes of one value a pixel; P: its place in a palette


@final
@dataclass(frozen=True, slots=True)
class Grids:
    """A column of grids.

    ``size``: the height and width of flat lists, which do not say it themselves; None reads each as one line.
    ``missing``: values that stand for none.
    """

    column: Column
    name: str
    size: Size | None = None
    missing: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        kind = self.column.type
        if not (_is_binary(kind) or pa.types.is_null(kind) or _is_number(_element(kind))):
            expected = "grids of numbers (lists, lists of lists, or bytes of PNG files)"
            raise DataError(place(self.name), expected, f"values of type {kind}")

    def blocks(self, size: Size) -> Iterator[Pixels]:
        """B x H x W values of every row in turn, resized to the nearest pixels; a null row has none."""
        for start in range(0, len(self.column), BLOCK):
            rows = list(self._read(self.column.slice(start, BLOCK)))
            kinds = [row[0].dtype for row in rows if row is not None]
            values_BHW = np.zeros((len(rows), *size), np.result_type(*kinds) if kinds else np.uint8)
            known_BHW = np.zeros((len(rows), *size), bool)
            for at, row in enumerate(rows):
                if row is not None:
                    values_BHW[at], known_BHW[at] = (nearest_pixels(each, size) for each in row)
            yield values_BHW, self._without_missing(values_BHW, known_BHW)

    def rows(self) -> Iterator[Pixels | None]:
        """Each row as it is stored, None of one that is null."""
        for start in range(0, len(self.column), BLOCK):
            for row in self._read(self.column.slice(start, BLOCK)):
                yield None if row is None else (row[0], self._without_missing(*row))

    def _without_missing(self, values: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return known & ~np.isin(values, self.missing) if self.missing else known

    def _read(self, column: Column) -> Iterator[Pixels | None]:
        """Each row as it is stored, h x w."""
        kind = column.type
        if pa.types.is_null(kind):
            yield from [None] * len(column)
        elif _is_binary(kind):
            yield from (None if data is None else self._of_png(data) for data in column.to_pylist())
        elif _is_list(kind.value_type):
            yield from self._of_lists(column)
        else:
            yield from self._of_flat_lists(column)

    def _of_flat_lists(self, column: Column) -> Iterator[Pixels | None]:
        lengths = pc.list_value_length(column)
        if self.size is None:
            yield from _lines(lengths, *_flat(column))
            return
        height, width = self.size
        other = lengths.filter(pc.not_equal(lengths, height * width))
        if len(other):
            found = f"{other[0].as_py():,} in {count_rows(len(other))}"
            hint = "size: [height, width] says how they are stored"
            raise DataError(place(self.name), f"{height} x {width} = {height * width:,} values", found, hint)
        grids = zip(*(flat.reshape(-1, height, width) for flat in _flat(column)), strict=True)
        for there in column.is_valid().to_pylist():
            yield next(grids) if there else None

    def _of_lists(self, column: Column) -> Iterator[Pixels | None]:
        lines = pc.list_flatten(column)
        widths, (values, known) = pc.list_value_length(lines).to_numpy(), _flat(lines)
        line = start = 0
        for height in pc.list_value_length(column).to_pylist():
            if height is None:
                yield None
                continue
            of_row = widths[line : line + height]
            if not height or (of_row != of_row[0]).any() or not of_row[0] > 0:  # NaN: a line that is null
                found = "lines of different lengths or none"
                raise DataError(place(self.name), "lists of lines of one length", found)
            end = start + height * int(of_row[0])
            yield values[start:end].reshape(height, -1), known[start:end].reshape(height, -1)
            line, start = line + height, end

    def sizes(self) -> NDArray[np.int64]:
        """N x 2: the height and width of each row as it is stored, -1 where it is null or does not say."""
        column, kind = self.column, self.column.type
        there_N = np.asarray(column.is_valid().to_numpy(), bool)
        sizes_N2 = np.full((len(column), 2), -1, np.int64)
        if _is_binary(kind):
            for at in np.flatnonzero(there_N):
                sizes_N2[at] = self._opened(column[at].as_py()).size[::-1]
        elif _is_list(kind) and _is_list(kind.value_type):
            sizes_N2[there_N] = _sizes_of_lists(column)[there_N]
        elif self.size is not None:
            sizes_N2[there_N] = self.size
        return sizes_N2

    def _of_png(self, data: bytes) -> Pixels:
        image = self._opened(data)
        try:
            values = np.asarray(image)
        except BROKEN as error:
            raise self._broken(str(error)) from error
        values = values.astype(np.uint8) if values.dtype == bool else values
        return values, np.ones(values.shape, bool)

    def _opened(self, data: bytes) -> Any:
        """The image of a PNG file, of which no more than its head has been read."""
        from PIL import Image

        if not data.startswith(PNG):
            raise self._broken("others, such as JPEG, change the values")
        try:
            image = Image.open(io.BytesIO(data))
        except BROKEN as error:
            raise self._broken("its head cannot be read") from error
        if not GREY.fullmatch(image.mode):
            found = f"{len(image.getbands())} ({image.mode})"
            raise DataError(place(self.name), "PNG files of one value a pixel (grey or a palette)", found)
        return image

    def _broken(self, found: str) -> DataError:
        return DataError(place(self.name), "bytes of PNG files", f"a row that is none: {found}")


def _sizes_of_lists(column: Column) -> NDArray[np.int64]:
    """The height and the width of the first line of each row; 0 where there is none."""
    heights_N = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), np.int64)
    widths = np.asarray(pc.fill_null(pc.list_value_length(pc.list_flatten(column)), 0).to_numpy(), np.int64)
    first_N = heights_N.cumsum() - heights_N
    widths_N = np.append(widths, 0)[np.where(heights_N > 0, first_N, len(widths))]
    return np.stack([heights_N, widths_N], axis=1)


def nearest_pixels(values_hw: NDArray[Any], size: Size) -> NDArray[Any]:
    """H x W values: at each pixel that of the nearest centre, as Pillow's NEAREST.

    >>> nearest_pixels(np.arange(8).reshape(2, 4), (1, 2)).tolist()
    [[5, 7]]
    """
    if values_hw.shape == size:
        return values_hw
    lines, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.intp), old - 1)
        for old, new in zip(values_hw.shape, size, strict=True)
    )
    return values_hw[np.ix_(lines, columns)]


def _lines(lengths: Column, values: NDArray[Any], known: NDArray[np.bool_]) -> Iterator[Pixels | None]:
    start = 0
    for length in lengths.to_pylist():
        if length is None:
            yield None
            continue
        yield values[None, start : start + length], known[None, start : start + length]
        start += length


def _flat(column: Column) -> Pixels:
    """All elements of lists of numbers, and which of them are there."""
    flat = pc.list_flatten(column)
    known = np.asarray(pc.is_valid(flat).to_numpy(zero_copy_only=False), bool)
    if pa.types.is_boolean(flat.type):
        flat = pc.cast(flat, pa.uint8())
    values = np.asarray(pc.fill_null(flat, 0).to_numpy())
    if values.dtype.kind == "f":
        finite = ~np.isnan(values)
        values, known = np.where(finite, values, 0.0), known & finite
    return values, known


def _element(kind: pa.DataType) -> pa.DataType:
    """What lists, or lists of lists, are of."""
    kind = kind.value_type if _is_list(kind) else pa.null()
    return kind.value_type if _is_list(kind) else kind


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))
