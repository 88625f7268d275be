"""Hashes of rows and values: equal on every machine, whatever the order of rows or columns."""

# N rows

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.distinct import distinct_values
from mtl_search.data.plain import plain_column
from mtl_search.data.streamed import AnyTable, parts_of

__all__ = ["Hashes", "hash_rows", "hash_values", "shares"]

Hashes = NDArray[np.uint64]

MISSING = np.uint64(0x6D697373696E6721)  # what stands for null and NaN
EXACT = 2**53  # whole numbers up to this are distinct as float64, larger ones as integers
PART = 2**20  # elements of lists at a time
LARGE = np.uint64(0x6C61726765212121)  # tells integers beyond it from the bits of a float


def hash_rows(table: AnyTable, names: Sequence[str] | None = None) -> Hashes:
    """One hash per row of its whole content, or of the columns named.

    The order of columns and how they are stored do not matter.

    >>> table = pa.table({"a": [1, 2, 1], "b": ["x", "y", "x"]})
    >>> hashes = hash_rows(table)
    >>> bool(hashes[0] == hashes[2]), bool(hashes[0] == hashes[1])
    (True, False)
    """
    total_N = np.zeros(table.num_rows, np.uint64)
    names = table.column_names if names is None else names
    for name, parts in zip(names, parts_of(table, names), strict=True):
        start = 0
        for part in parts:
            total_N[start : start + len(part)] += _mix(hash_values(part) ^ _of_text(name))
            start += len(part)
    return total_N


def shares(hashes_N: Hashes, seed: int, use: str) -> NDArray[np.float64]:
    """A uniform number in [0, 1) for each hash; another ``seed`` or ``use`` gives independent ones."""
    return (_mix(hashes_N ^ _of_text(f"{use} {seed}")) >> np.uint64(11)) / 2.0**53


def hash_values(column: pa.ChunkedArray) -> Hashes:
    """One hash per value: numbers and times by value, text by its bytes, lists by their elements in order."""
    column = plain_column(column)
    kind, types = column.type, pa.types
    if types.is_null(kind):
        return np.full(len(column), MISSING)
    if types.is_boolean(kind):
        return _of_floats(np.asarray(pc.cast(pc.cast(column, pa.int8()), pa.float64()).to_numpy()))
    if types.is_uint8(kind):
        return _of_bytes(column)
    if types.is_integer(kind):
        return _of_integers(column)
    if types.is_floating(kind):
        return _of_floats(np.asarray(column.to_numpy(), np.float64))
    if types.is_temporal(kind) and not types.is_interval(kind):
        return _of_times(column)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _of_lists(column)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _of_binary(column)
    if types.is_nested(kind) or types.is_interval(kind):
        values = column.to_pylist()
        return np.array([MISSING if value is None else _of_text(value) for value in values], np.uint64)
    return _of_distinct(column)


def _of_floats(numbers_N: NDArray[np.float64]) -> Hashes:
    """Of numbers, NaN where missing; whole ones beyond ``EXACT`` as the integers that they are."""
    numbers_N = numbers_N + 0.0  # no -0.0
    hashes_N = _mix(numbers_N.view(np.uint64))
    large_N = (np.abs(numbers_N) > EXACT) & (np.abs(numbers_N) < 2.0**63)
    hashes_N[large_N] = _of_large(numbers_N[large_N].astype(np.int64).view(np.uint64))
    return np.where(np.isnan(numbers_N), MISSING, hashes_N)


def _of_integers(column: pa.ChunkedArray) -> Hashes:
    if not pa.types.is_uint64(column.type):
        column = pc.cast(column, pa.int64())
    whole_N = np.asarray(pc.fill_null(column, 0).to_numpy())
    hashes_N = _mix((whole_N.astype(np.float64) + 0.0).view(np.uint64))
    large_N = (whole_N > EXACT) | (whole_N < -EXACT) if whole_N.dtype == np.int64 else whole_N > EXACT
    hashes_N[large_N] = _of_large(whole_N[large_N].view(np.uint64))
    return np.where(np.asarray(pc.is_null(column).to_numpy()), MISSING, hashes_N)


def _of_large(bits: Hashes) -> Hashes:
    return _mix(_mix(bits) ^ LARGE)


def _of_times(column: pa.ChunkedArray) -> Hashes:
    """Days, moments and durations as whole microseconds, and what is finer than that."""
    kind, types = column.type, pa.types
    if types.is_date(kind):
        column = pc.cast(column, pa.timestamp("s"))
    whole = pc.cast(column, pa.int32() if column.type.bit_width == 32 else pa.int64())
    missing_N = np.asarray(pc.is_null(whole).to_numpy())
    whole_N = np.asarray(pc.fill_null(whole, 0).to_numpy()).astype(np.int64)
    unit = column.type.unit
    finer_N = whole_N % 1000 if unit == "ns" else np.zeros_like(whole_N)
    with np.errstate(over="ignore"):
        micro_N = whole_N // 1000 if unit == "ns" else whole_N * {"s": 10**6, "ms": 1000, "us": 1}[unit]
    hashes_N = _mix(_mix(micro_N.view(np.uint64)) + finer_N.astype(np.uint64))
    return np.where(missing_N, MISSING, hashes_N)


def _of_lists(column: pa.ChunkedArray) -> Hashes:
    """In parts of rows, since the hashes of a part's elements take many times their room."""
    lengths_N = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), np.int64)
    cuts = np.flatnonzero(np.diff(lengths_N.cumsum() // PART, prepend=0))
    bounds = np.unique([0, *cuts, len(column)])
    parts = [
        _of_few_lists(column.slice(start, stop - start), lengths_N[start:stop])
        for start, stop in pairwise(bounds.tolist())
    ]
    return np.concatenate([np.empty(0, np.uint64), *parts])


def _of_few_lists(column: pa.ChunkedArray, lengths_N: NDArray[np.int64]) -> Hashes:
    ends_N = lengths_N.cumsum()
    elements = hash_values(pc.list_flatten(column))
    starts = np.repeat(ends_N - lengths_N, lengths_N)
    of_positions = _mix(np.arange(lengths_N.max(initial=0)).astype(np.uint64))
    elements = _mix(elements + of_positions[np.arange(len(elements)) - starts])
    sums = np.concatenate([np.zeros(1, np.uint64), elements.cumsum(dtype=np.uint64)])
    hashes_N = _mix((sums[ends_N] - sums[ends_N - lengths_N]) ^ lengths_N.astype(np.uint64))
    return np.where(np.asarray(pc.is_null(column).to_numpy()), MISSING, hashes_N)


def _of_bytes(column: pa.ChunkedArray) -> Hashes:
    """As of any whole numbers, of which there are no more than 256 here: pixels and frames are many."""
    hashes_N = BYTES[np.asarray(pc.fill_null(column, 0).to_numpy())]
    return hashes_N if not column.null_count else np.where(np.asarray(column.is_null()), MISSING, hashes_N)


def _of_binary(column: pa.ChunkedArray) -> Hashes:
    """Of bytes, one value at a time: images are large, and seldom twice the same."""
    values = (value.as_py() for chunk in column.chunks for value in chunk)
    return np.array([MISSING if value is None else _of_text(value) for value in values], np.uint64)


def _of_distinct(column: pa.ChunkedArray) -> Hashes:
    values_V, codes_N = distinct_values(column)
    if pa.types.is_dictionary(column.type):
        hashes_V = hash_values(pa.chunked_array([values_V]))
    elif pa.types.is_decimal(column.type):
        hashes_V = np.array([_of_decimal(value) for value in values_V.to_pylist()], np.uint64)
    else:
        hashes_V = np.array([_of_text(value) for value in values_V.to_pylist()], np.uint64)
    return np.append(hashes_V, MISSING)[codes_N]  # code -1 is the last


def _of_decimal(value: Decimal) -> np.uint64:
    """That of the float that is written alike, if there is one."""
    if Decimal(repr(float(value))) == value:
        return np.uint64(_of_floats(np.array([float(value)]))[0])
    return _of_text(format(value.normalize(), "f"))


def _of_text(value: Any) -> np.uint64:
    data = value if isinstance(value, bytes) else str(value).encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little"))


def _mix(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele et al. 2014): every bit of the input moves every bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


BYTES = _of_floats(np.arange(256.0))
