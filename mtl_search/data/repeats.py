"""Test rows that train has seen: equal inputs, and groups on both sides of a split by time."""

from collections.abc import Mapping

import numpy as np

from mtl_search.data.hashing import Hashes, hash_values
from mtl_search.data.spec import DataSpec
from mtl_search.data.splits import cut_groups
from mtl_search.data.streamed import AnyTable
from mtl_search.records import Split

__all__ = ["find_cut_groups", "find_repeats"]


def find_repeats(train: Hashes, test: Hashes) -> tuple[str, ...]:
    """A note with the number of test rows that equal a train row in all inputs, by hashes of these."""
    repeated = int(np.isin(test, train).sum())
    if not repeated:
        return ()
    are = "row equals" if repeated == 1 else "rows equal"
    hint = "if they are copies or repeated measurements, give what they share as group"
    return (f"{repeated:,} of {len(test):,} test {are} a train row in all inputs: {hint}",)


def find_cut_groups(tables: Mapping[Split, AnyTable], spec: DataSpec) -> tuple[str, ...]:
    """A note with the number of groups that a split by time cuts; other splits leave groups whole."""
    if spec.group is None or spec.split.time is None:
        return ()
    groups = {which: hash_values(table[spec.group]) for which, table in tables.items()}
    of_N = np.concatenate([np.full(len(hashes), str(which)) for which, hashes in groups.items()])
    cut, n_groups = cut_groups(of_N, np.concatenate(list(groups.values())))
    if not cut:
        return ()
    return (
        f"{cut:,} of {n_groups:,} groups of {spec.group!r} stand in several splits, as a split by time cuts "
        "them: test says how well known ones are predicted ahead",
    )
