"""A design by its id or the beginning of it."""

from dataclasses import replace

import pytest

from mtl_search.analysis.chosen import find_design
from mtl_search.errors import LeaderboardError
from mtl_search.records import DesignRecord

ONE = DesignRecord("77c4b1aa", "search", ("search",), 1, "", (), {}, {}, {}, 1.0, 10, 20)
DESIGNS = [ONE, replace(ONE, design_id="77c4ffff"), replace(ONE, design_id="0a11beef")]


@pytest.mark.parametrize("text", ["0a11beef", "0a", "0A11"])
def test_the_beginning_is_enough(text: str) -> None:
    assert find_design(DESIGNS, text) is DESIGNS[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("77c4", "expected the id of one design, found '77c4'; it begins 77c4b1aa, 77c4ffff"),
        ("77c4b1ab", "found '77c4b1ab'; did you mean '77c4b1aa'?"),
        ("search", "found 'search'; there are 77c4b1aa, 77c4ffff, 0a11beef"),
        ("", "found ''; there are"),
    ],
)
def test_what_is_no_design(text: str, said: str) -> None:
    with pytest.raises(LeaderboardError) as refused:
        find_design(DESIGNS, text)
    assert str(refused.value).startswith("--design: ")
    assert said in str(refused.value)


def test_before_there_are_designs() -> None:
    with pytest.raises(LeaderboardError, match="there is none yet"):
        find_design([], "0a")
