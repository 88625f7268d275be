from typing import Any

import pytest

from mtl_search.design import Branching
from mtl_search.errors import SpecError
from mtl_search.space.document import Document
from mtl_search.space.node import Constant, Fields
from mtl_search.space.parameter import Categorical, IntRange
from mtl_search.space.sharing_named import Named, OneOfWays
from mtl_search.space.sharing_range import Choice, Literal, Shared, Split, Tree
from mtl_search.space.sharing_reading import read_sharing

TASKS = ("age", "cost", "dnr")
TEXT = "dnr cost age / cost | dnr age"
TREE = Branching.parse(TEXT)


def read(value: Any) -> Any:
    document = Document.from_value({"sharing": value})
    return read_sharing(document.get(("sharing",)), ("sharing",), document, TASKS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("shared", Shared()),
        (TEXT, Literal(TREE)),
        ("age", Literal(Branching.parse("age"))),
        ({"split": 2}, Split(2)),
        ({"split": {"int": [1, 3]}}, Split(IntRange(1, 3))),
        ({"split": {"categorical": [1, 3]}}, Split(Categorical((1, 3)))),
        ({"tree": "any"}, Tree()),
        ({"name": "a:B", "n": 2}, Named(Fields((("name", Constant("a:B")), ("n", Constant(2)))))),
        (
            {"one_of": ["shared", TEXT, {"split": 2}, {"tree": "any"}, {"name": "ple"}]},
            OneOfWays(
                (
                    ("shared", Shared()),
                    (str(TREE), Literal(TREE)),
                    ("split", Split(2)),
                    ("tree", Tree()),
                    ("ple", Named(Fields((("name", Constant("ple")),)), "sharing.ple")),
                )
            ),
        ),
        ({"categorical": ["shared", TEXT]}, Choice({"shared": Shared(), str(TREE): Literal(TREE)})),
    ],
)
def test_the_forms_of_sharing(value: Any, expected: Any) -> None:
    assert read(value) == expected


HARD = "expected shared, the text of a branching, {split: ...} or {tree: any}"
FORMS = "expected shared, the text of a branching, {split: ...}, {tree: any}, {name: ...} or {one_of: [...]}"
SPLITS = "expected {split: {int: [low, high]}} or {split: 2}"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, f": {FORMS}, found nothing"),
        (2, f": {FORMS}, found 2"),
        ([1, 2], f": {FORMS}, found [1, 2]"),
        ({"name": 3}, ": expected the name of a way of sharing, found 3"),
        ({"one_of": "shared"}, ": expected a list of ways of sharing, found 'shared'"),
        ({"one_of": []}, ": expected at least one way of sharing, found none"),
        (
            {"one_of": ["shared", "shared"]},
            ": expected each way of sharing once, found 'shared' more than once",
        ),
        (
            {"one_of": [{"name": "ple"}, {"one_of": ["shared"]}]},
            f".one_of[1]: {HARD}, or {{name: ...}}, found {{one_of: ['shared']}}",
        ),
        ({"one_of": [{"split": [1]}]}, f".one_of[0]: {SPLITS}, found {{split: [1]}}"),
        ({"spilt": 2}, f": {FORMS}, found {{spilt: 2}}"),
        ({"int": [1, 2]}, f": {FORMS}, found {{int: [1, 2]}}"),
        ("shard", f": {FORMS}, found 'shard'; did you mean 'shared'?"),
        ("", f": {FORMS}, found ''"),
        ("age costs / age | costs", ": expected a branching of tasks, found 'costs'; did you mean 'cost'?"),
        ("any / any", ": expected a branching of tasks, found 'any'; valid: age, cost, dnr"),
        ({"tree": "all"}, ": expected {tree: any}, found {tree: 'all'}"),
        ({"tree": "any", "log": True}, ": expected no key besides 'tree', found 'log'"),
        ({"split": 2, "tree": "any"}, ": expected no key besides 'split', found 'tree'"),
        ({"split": 2.5}, f": {SPLITS}, found {{split: 2.5}}"),
        ({"split": True}, f": {SPLITS}, found {{split: true}}"),
        ({"split": None}, f": {SPLITS}, found {{split: nothing}}"),
        ({"split": [1, 3]}, f": {SPLITS}, found {{split: [1, 3]}}"),
        ({"split": {"float": [1, 3]}}, f": {SPLITS}, found {{split: {{float: [1, 3]}}}}"),
        ({"split": {"int": [3, 1]}}, ".split: expected low < high, found [3, 1]"),
        ({"split": {"int": 3}}, ".split: expected [low, high], found 3"),
        ({"categorical": "shared"}, ": expected a list of choices, found 'shared'"),
        (
            {"categorical": ["shared", 3]},
            ": expected choices that are shared or the text of a branching, found 3",
        ),
        (
            {"categorical": ["age cost / age | cost", "cost age / cost | age"]},
            ": expected each choice once, found 'age cost / age | cost' more than once",
        ),
        ({"categorical": ["shared", "tree"]}, f": {FORMS}, found 'tree'"),
        (
            "age / cost",
            ": expected the members of stage 0 (branching 'age / cost': stage 1),"
            " found age, cost in one of the two only",
        ),
        (
            "age | cost",
            ": expected all members together (branching 'age | cost': stage 0), found 'age | cost'",
        ),
    ],
)
def test_branchings_that_are_refused(value: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(value)
    assert str(caught.value) == f"<sweep>: sharing{message}"
