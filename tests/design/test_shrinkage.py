import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.design import Candidate, compose, shrink


def pool(gains: Mapping[str, float], n_seen: Mapping[str, int] | None = None) -> list[Candidate]:
    seen = n_seen or {}
    return [Candidate(key, {"x": gain}, 1, n_seen=seen.get(key, 1)) for key, gain in gains.items()]


def shrunken(candidates: list[Candidate], noise: float) -> dict[str, float]:
    return {candidate.key: candidate.gains["x"] for candidate in shrink(candidates, {"x": noise})}


def test_the_hand_computed_case() -> None:
    # median 0, MAD 2, spread (1.4826 * 2)^2 = 8.792, of which noise explains 1: 7.792 between networks
    gains = shrunken(pool({"a": -4.0, "b": -2.0, "c": 0.0, "d": 2.0, "e": 6.0}), noise=1.0)
    assert gains["e"] == pytest.approx(6.0 * 7.792 / 8.792, rel=1e-3)
    assert gains["c"] == 0.0


def test_a_network_seen_often_passes_a_lucky_one_seen_once() -> None:
    gains = {"a": -3.0, "b": -1.0, "c": 0.0, "d": 1.0, "steady": 5.0, "lucky": 6.0}
    candidates = pool(gains, {"steady": 9})
    assert compose(candidates, ["x"])[0].keys == ("lucky",)
    assert compose(shrink(candidates, {"x": 2.0}), ["x"])[0].keys == ("steady",)


def test_gains_that_noise_explains_are_all_the_same() -> None:
    assert set(shrunken(pool({"a": -1.0, "b": 0.0, "c": 1.0}), noise=5.0).values()) == {0.0}


def test_a_few_failures_change_nothing_for_the_rest() -> None:
    good = {f"g{i}": float(i % 7) for i in range(40)}
    with_failures = shrunken(pool(good | {"f1": -1e6, "f2": -1e9}), noise=1.0)
    without = shrunken(pool(good), noise=1.0)
    assert all(abs(with_failures[key] - without[key]) < 0.5 for key in good)


def test_undefined_gains_and_tasks_without_noise_stay_as_they_are() -> None:
    before = [Candidate("a", {"x": math.nan, "y": 7.0}, 1), Candidate("b", {"x": 1.0}, 1)]
    after = shrink(before, {"x": 1.0, "z": 1.0})
    assert math.isnan(after[0].gains["x"])
    assert after[0].gains["y"] == 7.0
    assert set(after[1].gains) == {"x"}


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=12), st.floats(0, 20), st.data())
def test_a_gain_moves_towards_the_median_and_never_past_it(
    gains: list[float], noise: float, data: st.DataObject
) -> None:
    seen = {str(i): data.draw(st.integers(1, 5)) for i in range(len(gains))}
    before = {str(i): gain for i, gain in enumerate(gains)}
    after = shrunken(pool(before, seen), noise)
    middle = sorted([*gains, *gains])[len(gains) - 1 : len(gains) + 1]
    centre = sum(middle) / 2
    for key in before:
        low, high = sorted([before[key], centre])
        assert low - 1e-9 <= after[key] <= high + 1e-9


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=12))
def test_without_noise_nothing_changes(gains: list[float]) -> None:
    before = {str(i): gain for i, gain in enumerate(gains)}
    assert shrunken(pool(before), noise=0.0) == before
