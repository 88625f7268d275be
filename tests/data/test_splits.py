"""Splits by fraction, by group and by column; limits on rows."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies._internal.random import ArtificialRandom

from mtl_search.data import DataSpec, SplitSpec
from mtl_search.data.hashing import hash_rows
from mtl_search.data.splits import split_rows, subsample
from mtl_search.errors import DataError
from mtl_search.records import Split
from tests.fixtures.data import tiny_table


def split(table: pa.Table, **options: object) -> dict[Split, list[int]]:
    spec = DataSpec.model_validate({"source": "x", **options})
    return {which: rows.tolist() for which, rows in split_rows(table, hash_rows(table), spec).items()}


def patients(table: pa.Table, rows: list[int]) -> set[object]:
    return set(table["patient"].take(pa.array(rows)).to_pylist())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 5), st.sampled_from([0.1, 0.3]), st.sampled_from([0.15, 0.4]))
def test_every_row_is_in_one_split_of_about_its_size(seed: int, valid: float, test: float) -> None:
    table = tiny_table(1000)
    index = split(table, split={"valid": valid, "test": test, "seed": seed})
    assert sorted(row for rows in index.values() for row in rows) == list(range(1000))
    assert len(index[Split.VALID]) == pytest.approx(1000 * valid, abs=60)
    assert len(index[Split.TEST]) == pytest.approx(1000 * test, abs=60)


@settings(max_examples=25, deadline=None)
@given(st.randoms())
def test_a_row_stays_in_its_split_whatever_stands_beside_it(random: ArtificialRandom) -> None:
    table = tiny_table(300)
    kept = random.sample(range(300), 200)
    whole, part = split(table), split(table.take(kept))
    for which in Split:
        assert {kept[row] for row in part[which]} == set(whole[which]) & set(kept)


def test_equal_rows_stand_together() -> None:
    table = pa.concat_tables([tiny_table(200)] * 3)
    for rows in split(table).values():
        assert {row % 200 for row in rows} == {row for row in rows if row < 200}
        assert len(rows) == 3 * len({row % 200 for row in rows})


def test_seeds_give_other_splits() -> None:
    table = tiny_table(300)
    first, second = (set(split(table, split={"seed": seed})[Split.TEST]) for seed in (0, 1))
    assert len(first & second) < len(first) / 2


def test_groups_stay_together() -> None:
    table = tiny_table(600)
    found = [patients(table, rows) for rows in split(table, group="patient").values()]
    assert not found[0] & found[1]
    assert not found[0] & found[2]
    assert not found[1] & found[2]
    assert max(len(rows) for rows in found) > 50


def test_a_row_without_a_group_is_an_error() -> None:
    for groups in (["a", None], [1.0, float("nan")]):
        with pytest.raises(DataError, match="column 'g': expected a group in every row, found 1 rows"):
            split(pa.table({"g": groups, "x": [1, 2]}), group="g")


NAMES = ["Train", "train", "dev", "test", " VAL ", "validation", "valid"]
COLUMN = pa.table({"s": NAMES, "x": range(7)})


def test_a_column_names_the_splits() -> None:
    index = split(COLUMN, split={"column": "s"})
    assert index == {Split.TRAIN: [0, 1], Split.VALID: [2, 4, 5, 6], Split.TEST: [3]}
    stored = COLUMN.set_column(0, "s", COLUMN["s"].dictionary_encode())
    assert split(stored, split={"column": "s"}) == index


@pytest.mark.parametrize(
    ("values", "split_spec", "message"),
    [
        (["train", "valid", "holdout"], {}, "column 's': expected train, .* in every row, found 'holdout'"),
        (["train", "valid", None, "test"], {}, "in every row, found None"),
        (["train", "test"], {}, "no valid row among 2; take them out of others.*valid_from"),
        (["train", "valid"], {}, "no test row among 2"),
        (["train", "valid", "test"], {"valid": 0.5, "valid_from": "test"}, "found 1 valid rows, and"),
        ([0, 1, 2], {}, "found '0'"),
        ([dt.date(2024, 1, 1)], {}, r"found '2024-01-01'; by time: split: \{time: s\}"),
    ],
)
def test_columns_that_do_not_name_splits(
    values: list[object], split_spec: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        split(pa.table({"s": values}), split={"column": "s", **split_spec})


@pytest.mark.parametrize("source", ["train", "test"])
def test_valid_rows_are_taken_at_random(source: str) -> None:
    table = tiny_table(1000).append_column("s", pa.array(["train"] * 600 + ["test"] * 400))
    index = split(table, split={"column": "s", "valid": 0.5, "valid_from": source})
    published = {"train": set(range(600)), "test": set(range(600, 1000))}
    assert set(index[Split.VALID]) < published[source]
    assert set(index[Split(source)]) | set(index[Split.VALID]) == published[source]
    assert len(index[Split.VALID]) == pytest.approx(len(published[source]) / 2, abs=40)


def test_valid_rows_are_taken_by_group() -> None:
    table = tiny_table(1000)
    late = pc.greater(table["patient"], 150)
    table = table.append_column("s", pc.if_else(late, "test", "train"))
    index = split(table, split={"column": "s", "valid": 0.5, "valid_from": "train"}, group="patient")
    assert not patients(table, index[Split.VALID]) & patients(table, index[Split.TRAIN])
    assert set(index[Split.TEST]) == set(np.flatnonzero(late))


def test_a_column_that_cuts_groups_is_refused_with_their_number() -> None:
    table = pa.table({"s": ["train", "valid", "test", "train"], "g": [1, 1, 2, 3]})
    with pytest.raises(DataError, match=r"group 'g': .* column 's', found 1 of 3 groups in several"):
        split(table, split={"column": "s"}, group="g")


def test_train_rows_limit_train_alone() -> None:
    table = tiny_table(400)
    whole, limited = split(table), split(table, train_rows=50)
    assert len(limited[Split.TRAIN]) == 50
    assert set(limited[Split.TRAIN]) < set(whole[Split.TRAIN])
    assert limited[Split.TRAIN] == sorted(limited[Split.TRAIN])
    assert (limited[Split.VALID], limited[Split.TEST]) == (whole[Split.VALID], whole[Split.TEST])
    assert split(table, train_rows=5000) == whole


def test_a_subsample_is_spread_over_the_splits_and_grows() -> None:
    hashes = hash_rows(tiny_table(1000))
    small, large = subsample(hashes, 100, 0, "rows"), subsample(hashes, 300, 0, "rows")
    assert set(small) < set(large)
    assert len(small) == 100
    order = np.random.default_rng(0).permutation(1000)
    assert set(hashes[order][subsample(hashes[order], 100, 0, "rows")]) == set(hashes[small])


def test_an_empty_split_is_an_error() -> None:
    table = pa.table({"x": [1.0, 1.0, 1.0]})
    with pytest.raises(DataError, match="split: expected rows of train, valid and test, found no"):
        split(table)


def test_names_of_splits_are_those_of_the_records() -> None:
    assert pc.unique(pa.array([str(which) for which in Split])).to_pylist() == ["train", "valid", "test"]
    assert SplitSpec(column="s").valid is None
