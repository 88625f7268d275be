"""Levels as codes: those of train from 1 on, everything else 0."""

import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.data.inputs import CategoricalInputs
from mtl_search.errors import DataError

texts = st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=2), max_size=20)


def one(values: list[object], kind: pa.DataType | None = None) -> pa.Table:
    return pa.table({"x": pa.array(values, kind)})


@settings(deadline=None)
@given(texts, texts, st.booleans())
def test_codes_point_back_to_the_levels(
    train: list[str | None], rows: list[str | None], as_dictionary: bool
) -> None:
    kind = pa.dictionary(pa.int32(), pa.string()) if as_dictionary else pa.string()
    inputs = CategoricalInputs.fit(one([*train], pa.string()), ("x",))
    (levels,) = inputs.levels
    assert list(levels) == sorted({value for value in train if value is not None})
    assert inputs.shape.cardinalities == (len(levels) + 1,)
    codes = inputs.encode(one([*rows], pa.string()).cast(pa.schema([("x", kind)])))["categorical"]
    known = [value if value in levels else None for value in rows]
    assert [levels[code - 1] if code else None for code in codes[:, 0].tolist()] == known


def test_levels_that_only_the_dictionary_has_do_not_count() -> None:
    stored = pa.DictionaryArray.from_arrays(pa.array([2, 0, None], pa.int8()), pa.array(["a", "b", "c"]))
    assert CategoricalInputs.fit(pa.table({"x": stored}), ("x",)).levels == (("a", "c"),)


def test_dictionaries_of_numbers_are_levels() -> None:
    train = pa.table({"x": pa.array([10, 9, 10]).dictionary_encode()})
    inputs = CategoricalInputs.fit(train, ("x",))
    assert inputs.levels == (("10", "9"),)
    assert inputs.encode(train)["categorical"].tolist() == [[1], [2], [1]]


def test_several_columns_stand_side_by_side() -> None:
    train = pa.table({"a": ["u", "v"], "b": ["q", None], "other": [1, 2]})
    inputs = CategoricalInputs.fit(train, ("b", "a"))
    assert inputs.shape.cardinalities == (2, 3)
    assert inputs.encode(train)["categorical"].tolist() == [[1, 1], [0, 2]]
    assert inputs.encode(train)["categorical"].dtype == torch.int64
    assert CategoricalInputs.fit(train, ()).encode(train)["categorical"].shape == (2, 0)


def test_a_column_of_nothing_is_missing() -> None:
    """As CSV reads an empty column."""
    assert CategoricalInputs.fit(one(["u", "v"]), ("x",)).encode(one([None]))["categorical"].tolist() == [[0]]


def test_numbers_are_no_levels() -> None:
    inputs = CategoricalInputs.fit(one(["1"]), ("x",))
    with pytest.raises(DataError, match=r"column 'x': expected strings, as in training, found .* int64"):
        inputs.encode(one([1]))
