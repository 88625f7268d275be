"""Covering tasks with few networks, against trying everything."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.grouping.acquisition.facility import UNSERVED, cover


def best_by_force(gains_CT: np.ndarray, k: int) -> float:
    filled = np.where(np.isnan(gains_CT), -UNSERVED, gains_CT)
    sizes = range(1, k + 1)
    choices = (c for size in sizes for c in itertools.combinations(range(len(gains_CT)), size))
    return float(max(filled[list(c)].max(axis=0).sum() for c in choices))


def total(gains_CT: np.ndarray, chosen: list[int]) -> float:
    return float(np.where(np.isnan(gains_CT), -UNSERVED, gains_CT)[chosen].max(axis=0).sum())


@st.composite
def gains(draw: st.DrawFn) -> np.ndarray:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    gains_CT = rng.normal(size=(draw(st.integers(2, 12)), draw(st.integers(1, 5))))
    gains_CT[rng.random(gains_CT.shape) < draw(st.sampled_from([0.0, 0.5]))] = np.nan
    return gains_CT


@settings(deadline=None)
@given(gains(), st.integers(1, 4))
def test_the_cover_is_exact_where_one_network_serves_or_each_task_may_have_its_own(
    gains_CT: np.ndarray, k: int
) -> None:
    if np.isnan(gains_CT).all():
        return
    chosen, best = cover(gains_CT, k), best_by_force(gains_CT, k)
    assert 1 <= len(chosen) <= k
    assert total(gains_CT, chosen) <= best + 1e-6
    if k == 1 or k >= gains_CT.shape[1]:
        assert total(gains_CT, chosen) == pytest.approx(best)


@settings(deadline=None)
@given(gains(), st.integers(2, 4))
def test_no_network_stands_in_the_way_of_better_ones(gains_CT: np.ndarray, k: int) -> None:
    chosen = cover(gains_CT, k)
    for row in chosen:
        others = np.delete(gains_CT, row, axis=0)
        if spare := cover(others, k):
            assert total(others, spare) <= total(gains_CT, chosen) + 1e-6


def test_the_cover_is_nearly_always_the_best() -> None:
    rng = np.random.default_rng(0)
    problems = [rng.normal(size=(20, 6)) for _ in range(60)]
    ratios = [total(g, cover(g, 3)) / best_by_force(g, 3) for g in problems]
    assert np.mean(np.isclose(ratios, 1.0)) > 0.95
    assert min(ratios) > 0.9


def test_serving_every_task_comes_first() -> None:
    gains_CT = np.array([[9.0, 9.0, np.nan], [-5.0, -5.0, -5.0], [np.nan, 9.0, 9.0]])
    assert cover(gains_CT, 1) == [1]
    assert cover(gains_CT, 2) == [0, 2]


def test_a_network_that_adds_nothing_is_left_out() -> None:
    assert cover(np.array([[3.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), 2) == [0]


def test_no_network_covers_nothing() -> None:
    for max_networks in (1, 3):
        assert cover(np.empty((0, 2)), max_networks) == []
