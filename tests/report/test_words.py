import math
from typing import Any

import pytest

from mtl_search.report.words import (
    MINUS,
    amount,
    arm_name,
    counted,
    design_name,
    design_names,
    duration,
    gain,
    interval,
    listed,
    plain,
    setting,
    value,
)
from tests.fixtures.frames import design


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (1.26, 1, "+1.3 %"),
        (-1.26, 1, f"{MINUS}1.3 %"),
        (0.004, 2, "0.00 %"),
        (-0.004, 2, "0.00 %"),  # no sign on a rounded zero
        (math.nan, 1, "–"),
        (math.inf, 1, "–"),
    ],
)
def test_gains(number: Any, digits: Any, text: Any) -> None:
    assert gain(number, digits) == text.replace(" ", "\N{NARROW NO-BREAK SPACE}")


def test_an_interval_has_both_ends_or_none() -> None:
    assert interval(-1.0, 2.0).split("\xa0to\xa0") == [f"{MINUS}1.00", gain(2.0)]
    assert " " not in interval(-1.0, 2.0), "it stays on one line"
    assert interval(math.nan, 2.0) == ""


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1_000, "1 k"), (123_456, "123 k"), (7.5e6, "7.5 M"), (2e9, "2 G")],
)
def test_amounts(number: float, text: str) -> None:
    assert amount(number).replace("\N{NARROW NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.34, "0.34 s"), (59.6, "60 s"), (60, "1 min 0 s"), (3_599.6, "1 h 0 min"), (90_000, "25 h 0 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds).replace("\N{NARROW NO-BREAK SPACE}", " ") == text


def test_values_have_four_digits() -> None:
    assert (value(0.123456), value(-12.3456), value(math.nan)) == ("0.1235", f"{MINUS}12.35", "–")


@pytest.mark.parametrize(
    ("text", "shown"), [("1e-4", "0.0001"), ("0.30000000004", "0.3"), ("12345", "12345"), ("a/b", "a/b")]
)
def test_settings(text: str, shown: str) -> None:
    assert setting(text) == shown


def test_lists_and_counts() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"])] == ["", "a", "a and b"]
    assert (counted(0, "trial"), counted(1_200, "trial")) == ("0 trials", "1,200 trials")


def test_names_of_arms_and_designs() -> None:
    assert (arm_name("shared_tuned"), arm_name("mine")) == ("all in one, tuned", "mine")
    assert design_name(design("single_task", n_networks=5)) == "single task"
    assert design_name(design("search", n_networks=1)) == "search, 1 network"


def test_designs_of_the_same_name_are_told_apart() -> None:
    found = design_names(
        [design("search", n_networks=n, design_id=key) for n, key in ((2, "4c1a"), (2, "9f3b"), (3, "77e0"))]
    )
    assert found == {
        "4c1a": "search, 2 networks (4c1a)",
        "9f3b": "search, 2 networks (9f3b)",
        "77e0": "search, 3 networks",
    }


def test_names_in_figures_carry_no_markup() -> None:
    assert plain("<b>&") == "&lt;b&gt;&amp;"
