import math
import pickle
from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.space.document import Document


def test_a_python_value_is_copied_with_tuples_as_lists() -> None:
    trunk = object()
    value = {"trial": {"lr": {"float": (1e-4, 1e-2)}, "trunk": trunk}}
    document = Document.from_value(value)
    assert document.data == {"trial": {"lr": {"float": [1e-4, 1e-2]}, "trunk": trunk}}
    value["trial"]["lr"] = 3
    assert document.get(("trial", "lr")) == {"float": [1e-4, 1e-2]}


def test_get_follows_keys_and_positions_and_gives_none_where_there_is_nothing() -> None:
    document = Document.from_value({"a": [{"b": 5}]})
    assert document.get(()) == {"a": [{"b": 5}]}
    assert document.get(("a", 0, "b")) == 5
    assert document.get(("a", 1, "b")) is None
    assert document.get(("a", 0, "b", "c")) is None


def test_a_place_has_the_line_of_the_nearest_thing_that_has_one() -> None:
    document = Document("x.yaml", {"a": {"b": 1}}, {(): 1, ("a",): 4, ("a", "b"): 5})
    assert document.place(("a", "b")) == "x.yaml:5: a.b"
    assert document.place(("a", "new", 0)) == "x.yaml:4: a.new[0]"
    assert document.place(()) == "x.yaml:1"
    assert document.line(("nowhere",)) == 1


def test_a_python_value_has_no_lines() -> None:
    document = Document.from_value({"a": 1})
    assert document.line(("a",)) is None
    assert document.place(("a",)) == "<sweep>: a"
    assert document.place(()) == "<sweep>"


def test_an_error_carries_the_place() -> None:
    error = Document.from_value({}).error(("a",), "text", "3", "put it in quotes")
    assert isinstance(error, SpecError)
    assert str(error) == "<sweep>: a: expected text, found 3; put it in quotes"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1], "<sweep>: expected a mapping, found [1]"),
        ({1: 2}, "<sweep>: expected text as each key, found 1"),
        ({"a": [{None: 2}]}, "<sweep>: a[0]: expected text as each key, found nothing"),
        ({"a": {"b": math.nan}}, "<sweep>: a.b: expected a finite number, found nan"),
        ({"a": [-math.inf]}, "<sweep>: a[0]: expected a finite number, found -inf"),
    ],
)
def test_python_values_that_no_file_could_hold(value: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Document.from_value(value)
    assert str(caught.value) == message


def test_a_document_can_be_pickled() -> None:
    document = Document("x.yaml", {"a": 1}, {("a",): 1})
    assert pickle.loads(pickle.dumps(document)) == document
