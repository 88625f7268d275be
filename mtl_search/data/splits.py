"""Which rows are train, valid and test, and which are left out by a limit on their number."""

# N rows

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.hashing import Hashes, hash_rows, hash_values, shares
from mtl_search.data.plain import plain_column
from mtl_search.data.spec import DataSpec, SplitSpec
from mtl_search.data.strata import Strata, deal
from mtl_search.data.timed import split_by_time
from mtl_search.errors import DataError
from mtl_search.records import Split

__all__ = ["cut_groups", "group_hashes", "key_hashes", "split_rows", "subsample"]

Index = NDArray[np.intp]

NAMES: Mapping[str, Split] = {
    "train": Split.TRAIN,
    "valid": Split.VALID,
    "validation": Split.VALID,
    "val": Split.VALID,
    "dev": Split.VALID,
    "test": Split.TEST,
}


def key_hashes(table: pa.Table, key: Sequence[str]) -> Hashes:
    """A hash of the key of each row; DataError for a row without one."""
    empty_N = np.all([np.asarray(pc.is_null(table[name], nan_is_null=True)) for name in key], axis=0)
    if empty_N.any():
        raise DataError("split.key", "a key in every row", f"{empty_N.sum()} rows without one")
    return hash_rows(table.select(list(key)))


def split_rows(table: pa.Table, hashes_N: Hashes, spec: DataSpec, strata: Strata = ()) -> dict[Split, Index]:
    """The positions of the rows of each split, in their order; DataError if one is empty.

    ``hashes_N``: of the content or the key of each row; ``strata``: codes by which rare
    rows are dealt evenly.
    """
    split = spec.split
    if spec.group is not None:
        hashes_N = group_hashes(table[spec.group], spec.group)
    shares_N = shares(hashes_N, split.seed, "split")
    if split.column is not None:
        of_N = _by_column(table, shares_N, split)
        _refuse_cut_groups(of_N, hashes_N, spec)
    elif split.time is not None:
        of_N = split_by_time(table[split.time], split)
    else:
        of_N = _by_fraction(shares_N, split)
        if split.stratify:
            of_N = deal(of_N, hashes_N, shares_N, strata, split)
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
    """The positions of ``n_rows`` rows chosen by hash, or of all if there are fewer."""
    return np.sort(np.argsort(shares(hashes_N, seed, use), kind="stable")[:n_rows])


def cut_groups(of_N: NDArray[np.str_], groups_N: Hashes) -> tuple[int, int]:
    """How many groups stand in more than one split, and how many there are."""
    groups, codes_N = np.unique(groups_N, return_inverse=True)
    splits = np.array([np.bincount(codes_N[of_N == which], minlength=len(groups)) > 0 for which in Split])
    return int((splits.sum(0) > 1).sum()), len(groups)


def _refuse_cut_groups(of_N: NDArray[np.str_], groups_N: Hashes, spec: DataSpec) -> None:
    if spec.group is None:
        return
    cut, n_groups = cut_groups(of_N, groups_N)
    if cut:
        raise DataError(
            f"group {spec.group!r}",
            f"each group in one split of column {spec.split.column!r}",
            f"{cut} of {n_groups} groups in several",
            "split by fractions, or leave group out and know that rows of one group are on both sides",
        )


def _by_fraction(shares_N: NDArray[np.float64], split: SplitSpec) -> NDArray[np.str_]:
    valid_end = split.test_fraction + split.valid_fraction
    conditions = [shares_N < split.test_fraction, shares_N < valid_end]
    return np.select(conditions, [Split.TEST, Split.VALID], Split.TRAIN)


def _by_column(table: pa.Table, shares_N: NDArray[np.float64], split: SplitSpec) -> NDArray[np.str_]:
    assert split.column is not None
    place = f"column {split.column!r}"
    accepted = "train, valid (or validation, val, dev) and test"
    column = _as_text(table[split.column], place, accepted)
    names = {value: NAMES.get(str(value).strip().lower()) for value in pc.unique(column).to_pylist()}
    unknown = [value for value, which in names.items() if which is None]
    if unknown:
        is_time = pa.types.is_temporal(table[split.column].type)
        hint = f"by time: split: {{time: {split.column}}}" if is_time else None
        raise DataError(place, f"{accepted} in every row", repr(unknown[0]), hint)
    positions = pc.index_in(column, value_set=pa.array(list(names), pa.string())).to_numpy()
    of_N: NDArray[np.str_] = np.array([str(which) for which in names.values()])[positions]
    if split.valid_from is None:
        return of_N
    if (of_N == Split.VALID).any():
        found = f"{(of_N == Split.VALID).sum()} valid rows, and valid_from"
        hint = "leave valid and valid_from out"
        raise DataError(place, "no valid rows where valid_from makes them", found, hint)
    return np.where((of_N == split.valid_from) & (shares_N < split.valid_fraction), Split.VALID, of_N)


def _as_text(column: pa.ChunkedArray, place: str, accepted: str) -> pa.ChunkedArray:
    column = plain_column(column)
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_interval(kind):
        raise DataError(place, f"{accepted}, as text", f"values of type {kind}")
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowInvalid:  # bytes that are no text
        raise DataError(place, f"{accepted}, as text", f"values of type {kind}") from None


def group_hashes(column: pa.ChunkedArray, name: str) -> Hashes:
    """A hash of the group of each row; DataError for a row without one."""
    column = plain_column(column)
    missing = pc.sum(pc.is_null(column, nan_is_null=True)).as_py()
    if missing:
        raise DataError(f"column {name!r}", "a group in every row", f"{missing} rows without one")
    return hash_values(column)


def _hint(split: SplitSpec, which: Split) -> str | None:
    if split.column is not None and which is Split.VALID:
        return "take them out of others, e.g. split: {column: ..., valid: 0.5, valid_from: test}"
    if split.column is None and split.time is None:
        return "a few rows, or the same row again and again, cannot be split by a hash"
    return None
