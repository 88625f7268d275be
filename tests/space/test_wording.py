from typing import Any

import pytest

from mtl_search.space.wording import dotted, inner, show


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("trial",), "trial"),
        (("trial", "optimizer", "lr"), "trial.optimizer.lr"),
        (("trial", "weighting", "one_of", 1, "weights"), "trial.weighting.one_of[1].weights"),
        ((0, "a"), "[0].a"),
    ],
)
def test_a_path_reads_as_people_write_it(path: Any, text: str) -> None:
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (1e-4, "0.0001"),
        ("x", "'x'"),
        ([0.01, 0.001], "[0.01, 0.001]"),
        ((1, "a"), "[1, 'a']"),
        ({"float": [0, False], "log": None}, "{float: [0, false], log: nothing}"),
    ],
)
def test_a_value_is_shown_as_in_a_sweep_file(value: Any, text: str) -> None:
    assert show(value) == text


def test_a_long_value_is_cut() -> None:
    assert show("x" * 100) == "'" + "x" * 56 + "..."
    assert show("x" * 58) == "'" + "x" * 58 + "'"


def test_what_stands_within_a_value() -> None:
    assert inner({"a": 1}) == {"a": 1}
    assert inner(["x", "y"]) == {0: "x", 1: "y"}
    assert inner(("x",)) == {0: "x"}
    assert inner("text") == {}
