from typing import Any

import pytest

from mtl_search.space.document import Document
from mtl_search.space.locate import locate
from mtl_search.space.reading import Reader

WEIGHTING = {
    "one_of": [
        {"name": "equal"},
        {"name": "fixed", "weights": {"simplex": [0.1, 10]}},
        {
            "name": "stch",
            "inner": {"one_of": [{"name": "x", "mu": {"float": [0, 1]}}]},
            "list": [1, {"int": [1, 2]}],
        },
    ]
}
DOCUMENT = Document.from_value({"trial": {"weighting": WEIGHTING}})
AT = ("trial", "weighting")
NODE = Reader(DOCUMENT).read(DOCUMENT.get(AT), AT)
STCH = {"name": "stch", "inner": {"name": "x", "mu": 0.5}, "list": [1, 2]}


@pytest.mark.parametrize(
    ("value", "rest", "place"),
    [
        ({"name": "equal"}, (), ("one_of", 0)),
        ({"name": "equal"}, ("name",), ("one_of", 0, "name")),
        ({"name": "fixed", "weights": {"a": 1.0}}, ("weights",), ("one_of", 1, "weights")),
        ({"name": "fixed", "weights": {"a": 1.0}}, ("weights", "a"), ("one_of", 1, "weights")),
        (STCH, ("inner", "mu"), ("one_of", 2, "inner", "one_of", 0, "mu")),
        (STCH, ("list", 1), ("one_of", 2, "list", 1)),
        (STCH, ("list",), ("one_of", 2, "list")),
        (STCH, ("missing",), ("one_of", 2, "missing")),
        ({"name": "of a single member"}, ("name",), ()),
    ],
)
def test_what_was_sampled_is_found_where_it_stands(
    value: Any, rest: tuple[str, ...] | tuple[str, int], place: Any
) -> None:
    assert locate(NODE, AT, value, rest) == AT + place
