"""Which rows are train, valid and test, and which are left out by a limit on their number."""

# N rows

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.hashing import Hashes, hash_values, shares
from mtl_search.data.spec import DataSpec, SplitSpec
from mtl_search.errors import DataError
from mtl_search.records import Split

__all__ = ["split_rows", "subsample"]

Index = NDArray[np.intp]

NAMES: Mapping[str, Split] = {
    "train": Split.TRAIN,
    "valid": Split.VALID,
    "validation": Split.VALID,
    "val": Split.VALID,
    "dev": Split.VALID,
    "test": Split.TEST,
}


def split_rows(table: pa.Table, hashes_N: Hashes, spec: DataSpec) -> dict[Split, Index]:
    """The positions of the rows of each split, in their order; DataError where one is empty."""
    split = spec.split
    if spec.group is not None:
        hashes_N = _group_hashes(table[spec.group], spec.group)
    shares_N = shares(hashes_N, split.seed, "split")
    of_N = _by_fraction(shares_N, split) if split.column is None else _by_column(table, shares_N, split)
    index = {which: np.flatnonzero(of_N == which) for which in Split}
    for which, rows in index.items():
        if len(rows) == 0:
            found = f"no {which} row among {table.num_rows}"
            raise DataError("split", "rows of train, valid and test", found, _hint(split, which))
    if spec.train_rows is not None:
        train = index[Split.TRAIN]
        index[Split.TRAIN] = train[subsample(hashes_N[train], spec.train_rows, split.seed, "train_rows")]
    return index


def subsample(hashes_N: Hashes, n_rows: int, seed: int, use: str) -> Index:
    """The positions of ``n_rows`` rows chosen by hash, or of all where there are fewer."""
    return np.sort(np.argsort(shares(hashes_N, seed, use), kind="stable")[:n_rows])


def _by_fraction(shares_N: NDArray[np.float64], split: SplitSpec) -> NDArray[np.str_]:
    valid_end = split.test_fraction + split.valid_fraction
    conditions = [shares_N < split.test_fraction, shares_N < valid_end]
    return np.select(conditions, [Split.TEST, Split.VALID], Split.TRAIN)


def _by_column(table: pa.Table, shares_N: NDArray[np.float64], split: SplitSpec) -> NDArray[np.str_]:
    assert split.column is not None
    column = pc.cast(table[split.column], pa.string())
    place = f"column {split.column!r}"
    accepted = "train, valid (or validation, val, dev) and test"
    names = {value: NAMES.get(str(value).strip().lower()) for value in pc.unique(column).to_pylist()}
    unknown = [value for value, which in names.items() if which is None]
    if unknown:
        raise DataError(place, f"{accepted} in every row", repr(unknown[0]))
    positions = pc.index_in(column, value_set=pa.array(list(names), pa.string())).to_numpy()
    of_N: NDArray[np.str_] = np.array([str(which) for which in names.values()])[positions]
    if split.valid_from is None:
        return of_N
    if (of_N == Split.VALID).any():
        found = f"{(of_N == Split.VALID).sum()} valid rows, and valid_from"
        hint = "leave valid and valid_from out"
        raise DataError(place, "no valid rows where valid_from makes them", found, hint)
    return np.where((of_N == split.valid_from) & (shares_N < split.valid_fraction), Split.VALID, of_N)


def _group_hashes(column: pa.ChunkedArray, name: str) -> Hashes:
    missing = pc.sum(pc.is_null(column, nan_is_null=True)).as_py()
    if missing:
        raise DataError(f"column {name!r}", "a group in every row", f"{missing} rows without one")
    return hash_values(column)


def _hint(split: SplitSpec, which: Split) -> str | None:
    if split.column is not None and which is Split.VALID:
        return "take them out of others, e.g. split: {column: ..., valid: 0.5, valid_from: test}"
    return None
