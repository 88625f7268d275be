from typing import Any

import pytest

from mtl_search.space.wording import Mismatch, dotted, inner, show, told


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


@pytest.mark.parametrize(
    ("message", "expected", "found"),
    [
        ("expected low, found high", "low", "high"),
        ("a: b: expected low, found high, found low", "low (a: b)", "high, found low"),
        ("expected a\nb, found c\nd", "a\nb", "c\nd"),
    ],
)
def test_value_errors_worded_as_ours_are_taken_apart(message: str, expected: str, found: str) -> None:
    mismatch = told(ValueError(message))
    assert (mismatch.expected, mismatch.found, mismatch.hint) == (expected, found, None)


def test_other_value_errors_are_not() -> None:
    assert told(ValueError("members must differ")) is None
    mismatch = Mismatch("a", "b", "c")
    assert told(mismatch) is mismatch


def test_a_mismatch_is_a_value_error_that_reads_as_one() -> None:
    mismatch = Mismatch("low < high", "[2, 1]", "swap them")
    assert str(mismatch) == "expected low < high, found [2, 1]; swap them"
    with pytest.raises(ValueError, match="expected low < high"):
        raise Mismatch("low < high", "[2, 1]")
