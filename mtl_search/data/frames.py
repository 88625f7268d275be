"""The steps of series as Arrow stores them: lists of lists of numbers, or flat lists or bytes."""

# N rows, S steps of all rows together, C channels

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.errors import DataError

__all__ = ["Frames", "count_steps", "is_bytes", "is_flat", "is_of_frames", "read_frames", "width_of"]

ROWS = 256  # read at a time: what is computed of a row is much larger than what is stored
LARGEST = 1e100  # what is further from zero stands here, so that no square overflows


class Frames(NamedTuple):
    """Some rows: the steps of each, and what stands at all of their steps, one row after the other."""

    lengths_N: NDArray[np.int64]
    values_SC: NDArray[Any]


def is_of_frames(kind: pa.DataType) -> bool:
    """Whether each value is a list of lists of numbers."""
    return is_list(kind) and is_flat(kind.value_type)


def is_flat(kind: pa.DataType) -> bool:
    """Whether each value is a list of numbers."""
    return is_list(kind) and is_number(kind.value_type)


def is_list(kind: pa.DataType) -> bool:
    """Whether values are lists, of one size or not."""
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether values are bytes, of one number or not."""
    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether values are whole numbers or floats."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def width_of(column: pa.ChunkedArray) -> int | None:
    """The numbers at each step of a list of lists, None if there is no step to tell it by."""
    if pa.types.is_fixed_size_list(column.type.value_type):
        return int(column.type.value_type.list_size)
    for chunk in column.chunks:
        lengths = pc.list_value_length(chunk.flatten()).drop_null()
        if len(lengths):
            return int(lengths[0].as_py())
    return None


def read_frames(column: pa.ChunkedArray, name: str, channels: int) -> Iterator[Frames]:
    """The rows in their order, some at a time; a missing series has no step.

    Raises DataError for steps that are not all of ``channels`` numbers, and for numbers that are missing or
    not finite.
    """
    kind = column.type
    if pa.types.is_null(kind):
        yield Frames(np.zeros(len(column), np.int64), np.empty((0, channels), np.uint8))
        return
    nested = is_of_frames(kind)
    if not (nested or is_bytes(kind) or is_flat(kind)):
        raise DataError(f"column {name!r}", "series of numbers, as in training", f"values of type {kind}")
    for start in range(0, len(column), ROWS):  # sums over parts must not depend on how a column is stored
        part = column.slice(start, ROWS).combine_chunks()
        yield _nested(part, name, channels) if nested else _flat(part, name, channels)


def count_steps(column: pa.ChunkedArray, channels: int) -> NDArray[np.int64]:
    """How many steps each row has, -1 where it is missing; of a column that ``read_frames`` reads."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), -1, np.int64)
    sizes = pc.binary_length(column) if is_bytes(kind) else pc.list_value_length(column)
    known_N = np.asarray(pc.is_valid(sizes))
    sizes_N = np.asarray(pc.fill_null(sizes, 0)).astype(np.int64)
    return np.where(known_N, sizes_N if is_of_frames(kind) else sizes_N // channels, -1)


def _nested(part: pa.Array, name: str, channels: int) -> Frames:
    steps = part.flatten()
    if steps.null_count:
        raise DataError(f"column {name!r}", "numbers at each step", f"{steps.null_count} steps that are null")
    widths_S = pc.list_value_length(steps).to_numpy(zero_copy_only=False)
    other_S = widths_S[widths_S != channels]
    if other_S.size:
        found = f"{other_S.size} steps of another size, {other_S[0]} for one"
        raise DataError(f"column {name!r}", f"steps of {channels} numbers each", found)
    lengths_N = pc.list_value_length(part).fill_null(0).to_numpy(zero_copy_only=False)
    return Frames(lengths_N.astype(np.int64), _numbers(steps.flatten(), name).reshape(-1, channels))


def _flat(part: pa.Array, name: str, channels: int) -> Frames:
    if is_bytes(part.type):
        sizes = pc.binary_length(part)
        values = np.frombuffer(b"".join(part.drop_null().to_pylist()), np.uint8)
    else:
        sizes = pc.list_value_length(part)
        values = _numbers(part.flatten(), name)
    sizes_N = sizes.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    uneven_N = sizes_N[sizes_N % channels != 0]
    if uneven_N.size:
        unit = "bytes" if is_bytes(part.type) else "numbers"
        found = f"{uneven_N.size} rows with others, {uneven_N[0]} for one"
        raise DataError(f"column {name!r}", f"whole steps of {channels} {unit}", found)
    return Frames(sizes_N // channels, values.reshape(-1, channels))


def _numbers(values: pa.Array, name: str) -> NDArray[Any]:
    """Bytes as they are, everything else as float64."""
    if not values.null_count and pa.types.is_uint8(values.type):
        return np.asarray(values)
    numbers = np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    n_wrong = int((~np.isfinite(numbers)).sum())
    if n_wrong:
        hint = "a series that is missing is null as a whole"
        found = f"{n_wrong} that are NaN, null or infinite"
        raise DataError(f"column {name!r}", "finite numbers at each step", found, hint)
    return np.asarray(np.clip(numbers, -LARGEST, LARGEST))
