from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.space.document import Document
from mtl_search.space.node import Constant, Fields, Items, PerTask
from mtl_search.space.parameter import Categorical, FloatRange, IntRange
from mtl_search.space.ranges import Leaf, OneOf, Simplex
from mtl_search.space.reading import Reader


def read(value: Any, tasks: tuple[str, ...] = ()) -> Any:
    document = Document.from_value({"a": value})
    return Reader(document, tasks).read(document.get(("a",)), ("a",))


@pytest.mark.parametrize(
    ("value", "node"),
    [
        (3, Constant(3)),
        (None, Constant(None)),
        ("float", Constant("float")),
        ([1, {"int": [1, 2]}], Items((Constant(1), Leaf(IntRange(1, 2))))),
        ({}, Fields(())),
        ({"b": {"c": 1}}, Fields((("b", Fields((("c", Constant(1)),))),))),
        ({"float": [0, 1]}, Leaf(FloatRange(0, 1))),
        ({"float": [1, 10], "log": True}, Leaf(FloatRange(1, 10, log=True))),
        ({"float": [0, 1], "step": 0.5, "log": False}, Leaf(FloatRange(0, 1, step=0.5))),
        ({"int": [1, 3]}, Leaf(IntRange(1, 3))),
        ({"step": 2, "int": [1, 3]}, Leaf(IntRange(1, 3, step=2))),
        ({"categorical": [1, "x", None]}, Leaf(Categorical((1, "x", None)))),
        ({"simplex": [0.1, 10]}, Simplex(0.1, 10)),
        (
            {"one_of": [{"name": "x"}, {"name": "y", "b": {"int": [1, 2]}}]},
            OneOf(
                (
                    ("x", Fields((("name", Constant("x")),))),
                    ("y", Fields((("name", Constant("y")), ("b", Leaf(IntRange(1, 2)))))),
                )
            ),
        ),
    ],
)
def test_the_ranges(value: Any, node: Any) -> None:
    assert read(value) == node


def test_a_name_alone_stands_for_an_alternative_with_its_defaults() -> None:
    assert read({"one_of": ["x", {"name": "y"}]}) == read({"one_of": [{"name": "x"}, {"name": "y"}]})


def test_one_value_per_task_is_known_by_its_keys() -> None:
    tasks = ("age", "split", "float")
    assert read({"age": 1, "split": {"float": [0, 1]}}, tasks) == PerTask(
        (("age", Constant(1)), ("split", Leaf(FloatRange(0, 1))))
    )
    assert read({"split": 2}, tasks) == PerTask((("split", Constant(2)),))
    assert read({"age": 1}) == Fields((("age", Constant(1)),))
    named = {"name": "fixed", "weights": {"age": 1}}
    assert read(named, ("age", "name")) == Fields(
        (("name", Constant("fixed")), ("weights", PerTask((("age", Constant(1)),))))
    )


BESIDE = "expected no key besides 'float', 'log', 'step', found"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"float": [0.01, 0.001]}, "a: expected low < high, found [0.01, 0.001]"),
        ({"float": 0.1}, "a: expected [low, high], found 0.1"),
        ({"float": [1, 2, 3]}, "a: expected [low, high], found [1, 2, 3]"),
        ({"float": {"low": 1}}, "a: expected [low, high], found {low: 1}"),
        ({"float": None}, "a: expected [low, high], found nothing"),
        ({"float": [0, 1], "lgo": True}, f"a: {BESIDE} 'lgo'; did you mean 'log'?"),
        ({"float": [0, 1], "int": [0, 1]}, f"a: {BESIDE} 'int'; valid: log, step"),
        ({"float": [1, 2], "log": "yes"}, "a: expected log: true or false, found 'yes'"),
        ({"float": [0, 2], "log": True}, "a: expected low above 0 on the log scale, found [0, 2]"),
        ({"int": [0.5, 2]}, "a: expected [low, high], two whole numbers, found [0.5, 2]"),
        ({"int": [0, 2], "step": None}, "a: expected a whole step above 0, found nothing"),
        ({"b": {"c": [{"int": [2, 1]}]}}, "a.b.c[0]: expected low < high, found [2, 1]"),
        ({"categorical": []}, "a: expected at least one choice, found none"),
        ({"categorical": {"x": 1}}, "a: expected a list of choices, found {x: 1}"),
        ({"categorical": [1, 1.0]}, "a: expected each choice once, found 1.0 more than once"),
        ({"categorical": [1], "log": True}, "a: expected no key besides 'categorical', found 'log'"),
        (
            {"categorical": [[1], [2]]},
            "a: expected each choice to be text, a number, true, false or null, found [1]",
        ),
        ({"simplex": [0, 1]}, "a: expected low above 0 on the log scale, found [0, 1]"),
        ({"simplex": 1}, "a: expected [low, high], found 1"),
        ({"simplex": [1, 2], "log": True}, "a: expected no key besides 'simplex', found 'log'"),
        ({"one_of": {"name": "x"}}, "a: expected a list of alternatives, found {name: 'x'}"),
        ({"one_of": []}, "a: expected at least one alternative, found none"),
        ({"one_of": [1]}, "a.one_of[0]: expected a mapping with a name, found 1"),
        ({"one_of": [{"b": 1}]}, "a.one_of[0]: expected a mapping with a name, found {b: 1}"),
        (
            {"one_of": [{"name": {"categorical": ["x", "y"]}}]},
            "a.one_of[0]: expected a mapping with a name, found {name: {categorical: ['x', 'y']}}",
        ),
        (
            {"one_of": [{"name": "x", "int": [1, 2]}]},
            "a.one_of[0]: expected no key besides 'int', 'log', 'step', found 'name'; valid: log, step",
        ),
        (
            {"one_of": [{"name": "x"}, {"name": "x"}]},
            "a: expected alternatives that differ in name, found 'x' more than once",
        ),
        (
            {"one_of": [{"name": "x", "b": {"int": [2, 1]}}]},
            "a.one_of[0].b: expected low < high, found [2, 1]",
        ),
        ({"one_of": [{"name": "x"}], "name": "y"}, "a: expected no key besides 'one_of', found 'name'"),
        (
            {"b": {"subset": {"min": 1}}},
            "a.b: expected a value or a range that fits here, found 'subset', which is for members",
        ),
        (
            {"tree": "any"},
            "a: expected a value or a range that fits here, found 'tree', which is for sharing",
        ),
        (
            {"split": 2},
            "a: expected a value or a range that fits here, found 'split', which is for sharing",
        ),
    ],
)
def test_ranges_that_are_refused(value: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(value)
    assert str(caught.value) == f"<sweep>: {message}"


def test_a_key_that_is_no_task_among_tasks() -> None:
    with pytest.raises(SpecError) as caught:
        read({"age": 1, "costs": 2}, ("age", "cost"))
    assert str(caught.value) == "<sweep>: a.costs: expected a task, found 'costs'; did you mean 'cost'?"
