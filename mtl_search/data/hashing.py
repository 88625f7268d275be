"""Hashes of rows and values: equal on every machine, whatever the order of rows or columns."""

# N rows

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.distinct import distinct_values

__all__ = ["Hashes", "hash_rows", "hash_values", "shares"]

Hashes = NDArray[np.uint64]

MISSING = np.uint64(0x6D697373696E6721)  # what stands for null and NaN


def hash_rows(table: pa.Table) -> Hashes:
    """One hash per row of its whole content; the order of columns and how they are stored do not matter.

    >>> table = pa.table({"a": [1, 2, 1], "b": ["x", "y", "x"]})
    >>> hashes = hash_rows(table)
    >>> bool(hashes[0] == hashes[2]), bool(hashes[0] == hashes[1])
    (True, False)
    """
    total_N = np.zeros(table.num_rows, np.uint64)
    for name in table.column_names:
        total_N += _mix(hash_values(table[name]) ^ _of_text(name))
    return total_N


def shares(hashes_N: Hashes, seed: int, use: str) -> NDArray[np.float64]:
    """A uniform number in [0, 1) for each hash; another ``seed`` or ``use`` gives independent ones."""
    return (_mix(hashes_N ^ _of_text(f"{use} {seed}")) >> np.uint64(11)) / 2.0**53


def hash_values(column: pa.ChunkedArray) -> Hashes:
    """One hash per value: numbers by value, text by its bytes, lists by their elements in order."""
    kind, types = column.type, pa.types
    if types.is_null(kind):
        return np.full(len(column), MISSING)
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return _of_numbers(column)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _of_lists(column)
    if types.is_nested(kind):
        values = column.to_pylist()
        return np.array([MISSING if value is None else _of_text(value) for value in values], np.uint64)
    return _of_distinct(column)


def _of_numbers(column: pa.ChunkedArray) -> Hashes:
    numbers_N = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), np.float64) + 0.0  # no -0.0
    return np.where(np.isnan(numbers_N), MISSING, _mix(numbers_N.view(np.uint64)))


def _of_lists(column: pa.ChunkedArray) -> Hashes:
    lengths_N = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), np.int64)
    ends_N = lengths_N.cumsum()
    elements = hash_values(pc.list_flatten(column))
    starts = np.repeat(ends_N - lengths_N, lengths_N)
    positions = (np.arange(len(elements)) - starts).astype(np.uint64)
    sums = np.concatenate([np.zeros(1, np.uint64), _mix(elements + _mix(positions)).cumsum(dtype=np.uint64)])
    hashes_N = _mix((sums[ends_N] - sums[ends_N - lengths_N]) ^ lengths_N.astype(np.uint64))
    return np.where(np.asarray(pc.is_null(column).to_numpy()), MISSING, hashes_N)


def _of_distinct(column: pa.ChunkedArray) -> Hashes:
    values_V, codes_N = distinct_values(column)
    if pa.types.is_dictionary(column.type):
        hashes_V = hash_values(pa.chunked_array([values_V]))
    else:
        hashes_V = np.array([_of_text(value) for value in values_V.to_pylist()], np.uint64)
    return np.append(hashes_V, MISSING)[codes_N]  # code -1 is the last


def _of_text(value: Any) -> np.uint64:
    data = value if isinstance(value, bytes) else str(value).encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little"))


def _mix(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele et al. 2014): every bit of the input moves every bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
