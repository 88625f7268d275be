import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna import create_study
from optuna.distributions import FloatDistribution, IntDistribution

from mtl_search.errors import Mismatch
from mtl_search.space.parameter import Categorical, FloatRange, IntRange, Parameter
from mtl_search.space.suggest import FixedSuggest, RandomSuggest

LOG = {"log": True}
STEPS = "a whole number of steps from low to high"
KINDS = "each choice to be text, a number, true, false or null"


@pytest.mark.parametrize(
    ("make", "ends", "manner", "expected", "found"),
    [
        (FloatRange, (0.01, 0.001), {}, "low < high", "[0.01, 0.001]"),
        (FloatRange, (1, 1), {}, "low < high", "[1, 1]"),
        (FloatRange, ("1e-4", 1), {}, "[low, high], two numbers", "['1e-4', 1]"),
        (FloatRange, (False, 1), {}, "[low, high], two numbers", "[false, 1]"),
        (FloatRange, (0, math.inf), {}, "[low, high], two numbers", "[0, inf]"),
        (FloatRange, (0, None), {}, "[low, high], two numbers", "[0, nothing]"),
        (FloatRange, (0, 1), LOG, "low above 0 on the log scale", "[0, 1]"),
        (FloatRange, (-2, -1), LOG, "low above 0 on the log scale", "[-2, -1]"),
        (FloatRange, (0, 1), {"log": "yes"}, "log: true or false", "'yes'"),
        (FloatRange, (0, 1), {"step": 0}, "a step above 0", "0"),
        (FloatRange, (0, 1), {"step": -0.5}, "a step above 0", "-0.5"),
        (FloatRange, (0, 1), {"step": "x"}, "a step above 0", "'x'"),
        (FloatRange, (0, 1), {"step": 2}, STEPS, "[0, 1] with step 2"),
        (FloatRange, (0, 1), {"step": 0.3}, STEPS, "[0, 1] with step 0.3"),
        (FloatRange, (1, 2), {"step": 0.5, **LOG}, "log or step, not both", "step 0.5 with log: true"),
        (IntRange, (3, 1), {}, "low < high", "[3, 1]"),
        (IntRange, (1, 2.0), {}, "[low, high], two whole numbers", "[1, 2.0]"),
        (IntRange, (True, 2), {}, "[low, high], two whole numbers", "[true, 2]"),
        (IntRange, (0, 2), LOG, "low above 0 on the log scale", "[0, 2]"),
        (IntRange, (0, 2), {"log": 1}, "log: true or false", "1"),
        (IntRange, (0, 2), {"step": 0}, "a whole step above 0", "0"),
        (IntRange, (0, 2), {"step": 0.5}, "a whole step above 0", "0.5"),
        (IntRange, (0, 2), {"step": None}, "a whole step above 0", "nothing"),
        (IntRange, (0, 3), {"step": 2}, STEPS, "[0, 3] with step 2"),
        (IntRange, (1, 3), {"step": 2, **LOG}, "log or step, not both", "step 2 with log: true"),
        (Categorical, ((),), {}, "at least one choice", "none"),
        (Categorical, ((1, 2, 1),), {}, "each choice once", "1 more than once"),
        (Categorical, ((True, 1),), {}, "each choice once", "1 more than once"),
        (Categorical, (([64, 64],),), {}, KINDS, "[64, 64]"),
    ],
)
def test_ranges_that_cannot_be(make: Any, ends: Any, manner: Any, expected: str, found: str) -> None:
    with pytest.raises(Mismatch) as caught:
        make(*ends, **manner)
    assert str(caught.value) == f"expected {expected}, found {found}"


def test_ranges_in_words() -> None:
    assert str(FloatRange(0, 0.5)) == "0.0 to 0.5"
    assert str(FloatRange(0, 0.5, step=0.1)) == "0.0 to 0.5, step 0.1"
    assert str(IntRange(1, 3)) == "1 to 3"
    assert str(IntRange(32, 256, log=True)) == "32 to 256, log"
    assert str(Categorical((64, "a", None, True))) == "one of 64, 'a', nothing, true"


def test_decimal_steps_are_counted_as_written() -> None:
    assert FloatRange(0, 0.3, step=0.1).probes == (0.0, 0.3, 0.1)
    assert FloatRange(0.1, 0.7, step=0.2).high == 0.7


def test_all_values_of_a_whole_range() -> None:
    assert list(IntRange(1, 3).values) == [1, 2, 3]
    assert list(IntRange(32, 96, step=32).values) == [32, 64, 96]
    assert [span.count for span in (IntRange(1, 3), IntRange(32, 96, step=32))] == [3, 3]
    assert IntRange(-(2**63), 2**63 - 1).count == 2**64


def test_choices_are_a_few() -> None:
    with pytest.raises(Mismatch, match="at most 1000 choices, found 1001"):
        Categorical(tuple(range(1001)))


@settings(deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_a_float_range_is_probed_at_both_ends_and_between(low: float, width: float) -> None:
    first, last, between = FloatRange(low, low + width).probes
    assert (first, last) == (low, low + width)
    assert low < between < low + width


def test_the_probe_between_whole_ends_is_no_whole_number() -> None:
    assert not FloatRange(16, 256).probes[2].is_integer()
    assert not FloatRange(1, 3).probes[2].is_integer()


NUMBERS, COUNTS = st.floats(0.01, 10), st.integers(1, 9)
CHOICES = st.lists(st.none() | st.text(max_size=3) | st.integers(2, 99), min_size=1, unique=True)
RANGES = st.one_of(
    st.builds(lambda a, b, log: FloatRange(a, a + b, log), NUMBERS, NUMBERS, st.booleans()),
    st.builds(lambda a, k, s: FloatRange(a, a + k * s, step=s), COUNTS, COUNTS, COUNTS),
    st.builds(lambda a, b, log: IntRange(a, a + b, log), COUNTS, COUNTS, st.booleans()),
    st.builds(lambda a, k, s: IntRange(a, a + k * s, step=s), COUNTS, COUNTS, COUNTS),
    st.builds(lambda choices: Categorical(tuple(choices)), CHOICES),
)


@settings(deadline=None)
@given(RANGES, st.integers(0, 999))
def test_what_is_drawn_is_in_the_range_and_can_be_fixed(span: Any, seed: int) -> None:
    value = span.ask(RandomSuggest(random.Random(seed)), "x")
    assert span.ask(FixedSuggest({"x": value}), "x") == value
    assert span.ask(FixedSuggest({}), "x") == span.probes[0]
    for probe in span.probes:
        assert span.ask(FixedSuggest({"x": probe}), "x") == probe


@settings(deadline=None)
@given(RANGES)
def test_optuna_takes_every_range_as_it_is(span: Any) -> None:
    """Without a warning (an error here), hence without changing an end."""
    trial = create_study().ask()
    value = span.ask(trial, "x")
    assert span.ask(FixedSuggest({"x": value}), "x") == value
    if not isinstance(span, Categorical):
        asked = trial.distributions["x"]
        assert isinstance(asked, FloatDistribution | IntDistribution)
        assert (asked.low, asked.high) == span.probes[:2]


def test_a_parameter_tells_when_it_is_asked_for() -> None:
    span = FloatRange(0, 1)
    assert Parameter("a", span).when == ""
    assert Parameter("a", span).text == str(span)
    conditional = Parameter("a", span, (("weighting.name", "stch"), ("n", 3)))
    assert conditional.when == "weighting.name = 'stch' and n = 3"
