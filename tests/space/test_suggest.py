import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna import Trial, create_study
from optuna.trial import FixedTrial

from mtl_search.space.suggest import FixedSuggest, RandomSuggest, Suggest


@given(st.integers(0, 2**32), st.floats(1e-6, 1e3), st.floats(1e-3, 1e3), st.booleans())
def test_random_numbers_lie_in_their_range(seed: int, low: float, width: float, log: bool) -> None:
    value = RandomSuggest(random.Random(seed)).suggest_float("x", low, low + width, log=log)
    assert low <= value <= low + width


@given(st.integers(0, 2**32), st.integers(1, 50), st.integers(1, 50), st.booleans())
def test_random_whole_numbers_lie_in_their_range(seed: int, low: int, width: int, log: bool) -> None:
    value = RandomSuggest(random.Random(seed)).suggest_int("x", low, low + width, log=log)
    assert isinstance(value, int)
    assert low <= value <= low + width


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 6))
def test_random_steps_are_kept(seed: int, step: int, n_steps: int) -> None:
    suggest = RandomSuggest(random.Random(seed))
    assert (suggest.suggest_int("x", 3, 3 + step * n_steps, step=step) - 3) % step == 0
    steps = suggest.suggest_float("x", 0.5, 0.5 + 0.1 * n_steps, step=0.1) * 10 - 5
    assert steps == pytest.approx(round(steps), abs=1e-9)


def test_both_ends_and_every_choice_are_drawn() -> None:
    suggest = RandomSuggest(random.Random(0))
    for log in (False, True):
        assert {suggest.suggest_int("x", 1, 3, log=log) for _ in range(100)} == {1, 2, 3}
    assert {suggest.suggest_float("x", 0, 1, step=0.5) for _ in range(100)} == {0, 0.5, 1}
    assert {suggest.suggest_categorical("x", (None, "a", 3)) for _ in range(100)} == {None, "a", 3}


def test_the_log_scale_is_even_in_the_logarithm() -> None:
    suggest = RandomSuggest(random.Random(0))
    logs = [math.log10(suggest.suggest_float("x", 1e-4, 1e-2, log=True)) for _ in range(4000)]
    assert sum(logs) / 4000 == pytest.approx(-3, abs=0.05)
    low = sum(suggest.suggest_int("x", 1, 1000, log=True) <= 31 for _ in range(4000))
    assert low / 4000 == pytest.approx(math.log(31.5 / 0.5) / math.log(1000.5 / 0.5), abs=0.03)


def test_the_same_seed_gives_the_same_answers() -> None:
    def answers(seed: int) -> tuple[float, int, object]:
        suggest = RandomSuggest(random.Random(seed))
        number, whole = suggest.suggest_float("a", 0, 1), suggest.suggest_int("b", 0, 9**9)
        return number, whole, suggest.suggest_categorical("c", range(99))

    assert answers(3) == answers(3) != answers(4)


def test_low_ends_are_given_where_nothing_is_fixed() -> None:
    low = FixedSuggest({})
    assert low.suggest_float("x", 0.5, 1.0) == 0.5
    assert low.suggest_int("x", 2, 4) == 2
    assert low.suggest_categorical("x", ("b", "a")) == "b"


def test_fixed_answers_come_first_then_low_ends() -> None:
    fixed = FixedSuggest({"lr": 0.5, "n": 3, "c": None})
    assert fixed.suggest_float("lr", 0, 1) == 0.5
    assert fixed.suggest_int("n", 1, 3) == 3
    assert fixed.suggest_categorical("c", ("a", None)) is None
    assert fixed.suggest_float("other", 5, 6) == 5
    assert FixedSuggest({}).suggest_int("n", 1, 3) == 1
    assert FixedSuggest({}).suggest_categorical("n", (True, False)) is True
    assert FixedSuggest({"x": 1}).suggest_float("x", 0, 1) == 1.0


@pytest.mark.parametrize("value", [0, 4, None, "2"])
def test_a_fixed_number_outside_of_its_range_is_refused(value: int | str | None) -> None:
    fixed = FixedSuggest({"n": value})
    with pytest.raises(ValueError, match="n: expected 1 to 3, found"):
        fixed.suggest_int("n", 1, 3)
    with pytest.raises(ValueError, match="n: expected 1 to 3, found"):
        fixed.suggest_float("n", 1, 3)


def test_a_fixed_choice_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"c: expected one of \['a', 'b'\], found 'd'"):
        FixedSuggest({"c": "d"}).suggest_categorical("c", ("a", "b"))


def test_trials_of_optuna_fit() -> None:
    def ask(trial: Suggest) -> tuple[float, int, object]:
        return (
            trial.suggest_float("a", 0.0, 1.0, step=None, log=False),
            trial.suggest_int("b", 1, 4, step=3, log=False),
            trial.suggest_categorical("c", (None, "x")),
        )

    assert ask(FixedTrial({"a": 0.25, "b": 4, "c": "x"})) == (0.25, 4, "x")
    trial: Trial = create_study().ask()
    answers = ask(trial)
    assert 0 <= answers[0] <= 1
    assert answers[1] in (1, 4)
