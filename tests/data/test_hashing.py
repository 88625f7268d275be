"""Hashes that depend on the content of rows and on nothing else."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies._internal.random import ArtificialRandom

from mtl_search.data.hashing import hash_rows, hash_values, shares
from tests.fixtures.data import tiny_table

rows = st.lists(
    st.tuples(
        st.none() | st.integers(-3, 3),
        st.none() | st.sampled_from("ab"),
        st.none() | st.lists(st.integers(0, 2)),
    ),
    min_size=1,
)
Content = list[tuple[object, object, object]]


def table(content: Content) -> pa.Table:
    numbers, texts, lists = zip(*content, strict=True)
    return pa.table(
        {
            "n": pa.array(numbers, pa.int64()),
            "t": pa.array(texts, pa.string()),
            "l": pa.array(lists, pa.list_(pa.int64())),
        }
    )


@settings(deadline=None)
@given(rows)
def test_rows_have_equal_hashes_where_they_are_equal(content: Content) -> None:
    hashes = hash_rows(table(content)).tolist()
    for i, one in enumerate(content):
        for j, other in enumerate(content):
            assert (one == other) == (hashes[i] == hashes[j])


@settings(deadline=None)
@given(rows, st.randoms())
def test_order_of_rows_and_columns_does_not_matter(content: Content, random: ArtificialRandom) -> None:
    order = list(range(len(content)))
    random.shuffle(order)
    whole = table(content)
    shuffled = whole.take(order).select(["l", "n", "t"])
    assert hash_rows(shuffled).tolist() == hash_rows(whole)[order].tolist()


def test_storage_does_not_matter() -> None:
    plain = pa.table({"n": [1.0, 2.0, None], "t": ["x", None, "x"]})
    stored = pa.table(
        {
            "n": pa.chunked_array([pa.array([1], pa.int8()), pa.array([2, None], pa.int8())]),
            "t": pa.array(["x", None, "x"]).dictionary_encode(),
        }
    )
    assert hash_rows(plain).tolist() == hash_rows(stored).tolist()
    assert hash_rows(plain.slice(1)).tolist() == hash_rows(plain)[1:].tolist()


def test_nan_is_missing_and_minus_zero_is_zero() -> None:
    hashes = hash_values(pa.chunked_array([pa.array([float("nan"), None, -0.0, 0.0])]))
    assert hashes[0] == hashes[1]
    assert hashes[2] == hashes[3]
    assert hashes[0] != hashes[2]


def test_values_that_swap_columns_are_other_rows() -> None:
    hashes = hash_rows(pa.table({"a": [1, 2], "b": [2, 1]}))
    assert hashes[0] != hashes[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [([[1, 2]], [[2, 1]]), ([[0]], [[]]), ([[]], [None]), ([[1], [2]], [[1, 2], []]), ([[[1]]], [[[2]]])],
)
def test_lists_differ_by_order_length_and_content(one: list[object], other: list[object]) -> None:
    kind = pa.array(one).type
    left, right = (hash_values(pa.chunked_array([pa.array(v, kind)])) for v in (one, other))
    assert left.tolist() != right.tolist()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([{"a": 1}, {"a": 2}, None], None),
        ([[1, 2], [3, 4], None], pa.list_(pa.uint8(), 2)),
        ([[("k", 1)], [("k", 2)], None], pa.map_(pa.string(), pa.int8())),
        ([b"x", b"y", None], None),
        ([3, 4, None], pa.timestamp("ns")),
        ([1.5, 2.5, None], pa.dictionary(pa.int8(), pa.float64())),
        (["x", "y", None], pa.large_string()),
    ],
)
def test_every_type_of_column_has_hashes(values: list[object], kind: pa.DataType | None) -> None:
    column = pa.chunked_array([pa.array(values, kind)])
    hashes = hash_values(column).tolist()
    assert len(set(hashes)) == 3
    assert hash_values(column.slice(1)).tolist() == hashes[1:]
    assert hashes[2] == hash_values(pa.chunked_array([pa.nulls(1)]))[0]


def test_many_long_lists_have_the_hashes_that_each_has_alone() -> None:
    """Lists are hashed in parts of about a million elements."""
    pixels = np.random.default_rng(0).integers(0, 256, 2_500_000, np.uint8)
    lists = pa.FixedSizeListArray.from_arrays(pixels, 250_000)
    hashes = hash_values(pa.chunked_array([lists])).tolist()
    assert hashes == [hash_values(pa.chunked_array([lists.slice(i, 1)]))[0] for i in range(10)]


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (
            [[1, 255], None, [], [0, None]],
            [pa.list_(pa.uint8()), pa.list_(pa.int64()), pa.large_list(pa.float32())],
        ),
        ([[[1, 2]], [[3, 4], [5, 6]]], [pa.list_(pa.list_(pa.uint8(), 2)), pa.list_(pa.list_(pa.float16()))]),
        ([b"ab", None, b"cd"], [pa.binary(), pa.large_binary(), pa.binary(2)]),
    ],
)
def test_how_lists_and_bytes_are_stored_does_not_matter(
    values: list[object], kinds: list[pa.DataType]
) -> None:
    hashes = [hash_values(pa.chunked_array([pa.array(values, kind)])).tolist() for kind in kinds]
    assert all(one == hashes[0] for one in hashes)
    assert len(set(hashes[0])) == len(values)


def test_hashes_are_the_same_on_every_machine() -> None:
    mixed = pa.table({"n": [0.5], "t": ["x"], "l": [[1, 2]], "b": [True], "d": pa.array([7], pa.date32())})
    assert hash_rows(mixed).tolist() == [EXPECTED]


EXPECTED = 2115760407064963919


def test_shares_are_uniform_and_independent() -> None:
    hashes = hash_rows(tiny_table(2000))
    first, seeded, used = shares(hashes, 0, "split"), shares(hashes, 1, "split"), shares(hashes, 0, "rows")
    for values in (first, seeded, used):
        assert 0 <= values.min() < values.max() < 1
        np.testing.assert_allclose(np.histogram(values, 10, (0, 1))[0], 200, atol=60)
    assert abs(np.corrcoef(first, seeded)[0, 1]) < 0.08
    assert abs(np.corrcoef(first, used)[0, 1]) < 0.08
