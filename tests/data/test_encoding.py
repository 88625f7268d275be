"""Which columns become inputs, and the encoding as a whole."""

import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import TypeAdapter

from mtl_search.data import Encoding
from mtl_search.data.encoding import choose_inputs, is_identifier, without_constants
from mtl_search.data.inputs.categorical import CategoricalOptions
from mtl_search.data.inputs.text import TextOptions
from mtl_search.data.shapes import InputShape
from mtl_search.errors import DataError
from tests.fixtures.data import tiny_table

TABLE = tiny_table(100)
INPUTS = ("age", "pressure", "smoker", "ward", "code")


def choose(table: pa.Table, left_out: set[str] | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    columns, of_inputs = choose_inputs(table, frozenset(left_out or set()))
    kept, of_constants = without_constants(table.slice(0, 60), columns)
    return kept, of_inputs + of_constants


def with_column(values: object) -> pa.Table:
    return pa.table({"age": TABLE["age"], "extra": values})


def test_an_encoding_is_written_as_json_and_read_again() -> None:
    encoding, adapter = Encoding.fit(TABLE, INPUTS, {"smoker": CategoricalOptions()}), TypeAdapter(Encoding)
    assert adapter.validate_json(adapter.dump_json(encoding)) == encoding


def test_free_text_is_told_from_identifiers() -> None:
    table = pa.table({"note": [f"seen on day {i}" for i in range(40)], "code": [f"A{i}" for i in range(40)]})
    columns, notes = choose_inputs(table, frozenset())
    assert columns == ()
    assert notes == (
        "column 'code' looks like an identifier and is not used as an input",
        "column 'note' looks like free text and is not used as an input, unless inputs says text",
    )
    assert choose_inputs(table, frozenset(), {"note": TextOptions()})[0] == ("note",)


def test_encoding_has_the_shape_it_says() -> None:
    encoding = Encoding.fit(TABLE, INPUTS)
    assert encoding.columns == INPUTS
    shape = replace(encoding.shape, quantiles=())
    assert shape == InputShape(n_numeric=4, cardinalities=(5, 4))  # one missing indicator
    inputs = encoding.encode(TABLE)
    assert inputs["numeric"].shape == (100, 4)
    assert inputs["categorical"].shape == (100, 2)
    assert inputs["categorical"].amax(0).tolist() == [4, 3]


def test_other_columns_and_their_order_are_not_looked_at() -> None:
    encoding = Encoding.fit(TABLE, INPUTS)
    whole, part = encoding.encode(TABLE), encoding.encode(TABLE.select(INPUTS[::-1]))
    assert all(torch.equal(whole[name], part[name]) for name in whole)


def test_only_train_rows_are_fitted_on() -> None:
    before = Encoding.fit(TABLE.slice(0, 60), INPUTS)
    assert before == Encoding.fit(TABLE.slice(0, 60), INPUTS)
    assert before != Encoding.fit(TABLE, INPUTS)


def test_a_missing_column_is_named_with_the_nearest() -> None:
    encoding = Encoding.fit(TABLE, INPUTS)
    with pytest.raises(DataError, match=r"a column 'ward', as in training, .*did you mean 'wards'"):
        encoding.encode(TABLE.rename_columns({"ward": "wards"}))


def test_an_encoding_is_a_value() -> None:
    encoding = Encoding.fit(TABLE, INPUTS)
    assert pickle.loads(pickle.dumps(encoding)) == encoding
    assert hash(encoding) == hash(Encoding.fit(TABLE, INPUTS))


def test_inputs_are_all_columns_but_those_left_out() -> None:
    columns, warnings = choose(TABLE, {"ill", "stage", "topics", "cost", "patient"})
    assert columns == INPUTS
    assert warnings == ()


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (range(100), "identifier"),
        (range(7, 107), "identifier"),
        ([f"patient {i}" for i in range(100)], "identifier"),
        (pa.array([f"patient {i}" for i in range(100)]).dictionary_encode(), "identifier"),
        ([1.5] * 100, "one value"),
        (["a"] * 100, "one value"),
        ([None] * 100, "one value"),
        (pa.nulls(100, pa.float64()), "one value"),
        ([float("nan"), None] * 50, "one value"),
        (["a"] * 60 + ["b"] * 40, "one value"),  # other values in other rows than train's
    ],
)
def test_columns_without_information_are_left_out_with_a_warning(values: object, what: str) -> None:
    columns, (warning,) = choose(with_column(values))
    assert columns == ("age",)
    assert warning.startswith("column 'extra'")
    assert what in warning


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=100),
        np.random.default_rng(0).permutation(np.arange(0, 300, 3)),
        [i % 90 for i in range(100)],
        ["a", None] * 50,
        [1.0, None] * 50,
        [f"street {i // 2}" for i in range(100)],
    ],
)
def test_other_columns_are_kept(values: object) -> None:
    assert choose(with_column(values)) == (("age", "extra"), ())


def test_few_rows_say_nothing_about_identifiers() -> None:
    assert not is_identifier(pa.chunked_array([list(range(19))]), "id")
    assert is_identifier(pa.chunked_array([list(range(20))]), "x")


ID_NAMES = ("id", "ID", "patient_id", "patientId", "PatientID", "row_index", "__index_level_0__")
OTHER_NAMES = ("paid", "bid", "fluid", "Fluid", "monkey", "price", "idle")


@pytest.mark.parametrize("name", [*ID_NAMES, *OTHER_NAMES])
def test_numbers_with_gaps_are_identifiers_by_name(name: str) -> None:
    is_one = name in ID_NAMES
    numbers = np.random.default_rng(0).permutation(np.arange(0, 3000, 7))
    assert is_identifier(pa.chunked_array([numbers]), name) == is_one
    assert is_identifier(pa.chunked_array([[None, *numbers.tolist()]]).cast(pa.float64()), name) == is_one
    assert not is_identifier(pa.chunked_array([numbers + 0.5]), name)
    assert not is_identifier(pa.chunked_array([[7, *numbers.tolist()]]), name)


@pytest.mark.parametrize(
    "values", [[[1]] * 100, [{"a": 1}] * 100, [b"x"] * 100, pa.array([[1, 2]] * 100, pa.list_(pa.int8(), 2))]
)
def test_types_without_an_encoding_are_errors(values: object) -> None:
    message = r"column 'extra': expected numbers, .* found values of type .*under drop"
    with pytest.raises(DataError, match=message):
        choose(with_column(values))
    assert choose(with_column(values), {"extra"}) == (("age",), ())


def test_an_input_must_be_left() -> None:
    with pytest.raises(DataError, match="inputs: expected at least one column that is an input, found none"):
        choose(pa.table({"x": [1, 1, 1], "y": [1, 2, 3]}), {"y"})


def test_what_is_taken_by_its_type_for_no_column_of_a_table_is_said() -> None:
    words = [["a", "b"], ["b"]] * 50
    assert choose(with_column(words)) == (
        ("age", "extra"),
        ("column 'extra' is taken as text: inputs says otherwise, or how, and drop leaves it out",),
    )


@pytest.mark.parametrize("values", [[["a", "b"]] * 100, [["a"]] * 70 + [["b"]] * 30])
def test_lists_of_one_value_in_train_are_no_inputs(values: list[list[str]]) -> None:
    columns, (_, constant) = choose(with_column(values))
    assert columns == ("age",)
    assert constant.startswith("column 'extra' has one value in the train rows")
    assert choose(with_column([*values[:50], None, *values[51:]]))[0] == ("age", "extra")
