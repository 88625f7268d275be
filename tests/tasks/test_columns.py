"""Target columns as labels and numbers."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.errors import DataError
from mtl_search.tasks.columns import find_classes, label_codes, labels, listing, numbers

label_lists = st.one_of(
    st.lists(st.none() | st.booleans()),
    st.lists(st.none() | st.integers(-(2**53), 2**53)),
    st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=3)),
)


def column(values: list[object], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


@settings(deadline=None)
@given(label_lists)
def test_codes_point_back_to_the_labels(values: list[object]) -> None:
    if all(value is None for value in values):
        values = [*values, "only"]
    found = labels(column(values), "y")
    classes = find_classes(found)
    codes, labelled = label_codes(found, classes, "y")
    assert [classes[code] if so else None for code, so in zip(codes, labelled, strict=True)] == values
    assert list(classes) == sorted(classes)


def test_whole_floats_are_integers_and_nan_is_missing() -> None:
    found = labels(column([1.0, float("nan"), None, 0.0], pa.float32()), "y")
    assert found.to_pylist() == [1, None, None, 0]


def test_dictionaries_are_decoded() -> None:
    assert labels(column(["b", None, "a"]).dictionary_encode(), "y").to_pylist() == ["b", None, "a"]
    assert labels(column([4, 2]).dictionary_encode(), "y").to_pylist() == [4, 2]
    assert labels(column(["a"], pa.large_string()), "y").type == pa.string()


@pytest.mark.parametrize(
    ("values", "kind", "expected", "found"),
    [
        ([0.5, 1.0], None, "classes (whole numbers)", "0.5"),
        ([1.0, float("inf")], None, "finite numbers", "1 infinite"),
        ([[1], [2]], None, "classes", "list"),
        ([1, 2], pa.timestamp("s"), "classes", "timestamp"),
    ],
)
def test_what_cannot_be_classes(
    values: list[object], kind: pa.DataType | None, expected: str, found: str
) -> None:
    with pytest.raises(DataError) as error:
        labels(column(values, kind), "y")
    assert error.value.place == "column 'y'"
    assert expected in error.value.expected
    assert found in error.value.found


def test_a_class_that_train_lacks_is_named() -> None:
    found = labels(column(["a", "c", None, "b"]), "y")
    with pytest.raises(DataError, match=r"column 'y'.*'a', 'b'.*'c' in other rows alone"):
        label_codes(found, ("a", "b"), "y")


def test_integers_of_every_size() -> None:
    large: list[object] = [2**53 + 1, None, 2**63 + 1]
    assert labels(column(large, pa.uint64()), "y").to_pylist() == large
    np.testing.assert_array_equal(numbers(column(large, pa.uint64()), "y"), [2.0**53, np.nan, 2.0**63])


def test_integers_that_fit_are_of_one_type() -> None:
    small, large = (pa.chunked_array([pa.array([1, big], pa.uint64())]) for big in (2, 2**64 - 1))
    assert (labels(small, "x").type, labels(large, "x").type) == (pa.int64(), pa.uint64())


def test_numbers_of_every_numeric_type() -> None:
    values = [column([1, None]), column([1.0, None], pa.float32()), column([Decimal("1.0"), None])]
    for got in (numbers(one, "y") for one in values):
        np.testing.assert_array_equal(got, [1.0, np.nan])


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        (["a"], "use kind: multiclass, or binary for two classes"),
        ([True], "use kind: binary"),
        ([[1.0]], None),
    ],
)
def test_what_cannot_be_numbers(values: list[object], hint: str | None) -> None:
    with pytest.raises(DataError) as error:
        numbers(column(values), "y")
    assert error.value.hint == hint
    with pytest.raises(DataError, match="2 infinite"):
        numbers(column([1.0, float("-inf"), float("inf")]), "y")


def test_listing_is_short() -> None:
    assert listing(["a", "b"]) == "'a', 'b'"
    assert listing((1, 2, 3, 4, 5)) == "1, 2, 3, 4, 5"
    assert listing((1, 2, 3, 4, 5, 6)).endswith("5 ...")
