"""Covering tasks within a size, against trying everything, and what a set that enters is worth."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.grouping.acquisition.budget import complete, cover_within, filled
from mtl_search.grouping.acquisition.budget_rise import expected_rise_within
from mtl_search.grouping.acquisition.facility import UNSERVED, cover
from mtl_search.grouping.acquisition.improvement import expected_rise

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
NONE = np.array([-1])


def total(gains_MT: Floats, chosen: list[int]) -> float:
    return float(filled(gains_MT)[chosen].max(axis=0, initial=-UNSERVED).sum())


def best_by_force(gains_MT: Floats, sizes_M: Floats, budget: float) -> float:
    rows = range(len(gains_MT))
    choices = (list(c) for size in range(len(gains_MT) + 1) for c in itertools.combinations(rows, size))
    return max(total(gains_MT, c) for c in choices if sizes_M[c].sum() <= budget)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Floats, Floats, float]:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    gains_MT = rng.normal(size=(draw(st.integers(1, 9)), draw(st.integers(1, 5))))
    gains_MT[rng.random(gains_MT.shape) < draw(st.sampled_from([0.0, 0.5]))] = np.nan
    return gains_MT, rng.integers(1, 10, len(gains_MT)).astype(float), draw(st.integers(0, 30))


@settings(deadline=None)
@given(problems())
def test_the_cover_of_few_networks_is_the_best_that_fits(problem: tuple[Floats, Floats, float]) -> None:
    gains_MT, sizes_M, budget = problem
    chosen = cover_within(gains_MT, sizes_M, budget)
    assert sizes_M[chosen].sum() <= budget
    assert total(gains_MT, chosen) == pytest.approx(best_by_force(gains_MT, sizes_M, budget))


def test_where_everything_fits_it_is_the_cover_with_a_network_for_each_task() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        gains_MT = rng.normal(size=(12, 4))
        assert cover_within(gains_MT, np.ones(12), 12.0) == cover(gains_MT, 4)


def test_a_size_parts_what_a_number_of_networks_does_not() -> None:
    """Two large networks are the best two; within a size three small ones are better than one large one."""
    large = [[9.0, 9.0, np.nan, np.nan], [np.nan, np.nan, 9.0, 9.0]]
    small = [[5.0, np.nan, np.nan, np.nan], [np.nan, 5.0, 2.0, np.nan], [np.nan, np.nan, np.nan, 5.0]]
    gains_MT, sizes_M = np.array([*large, *small, [1.0] * 4]), np.array([60.0, 60.0, 20.0, 20.0, 20.0, 50.0])
    assert cover(gains_MT, 2) == [0, 1]
    assert cover_within(gains_MT, sizes_M, 120) == [0, 1]
    assert cover_within(gains_MT, sizes_M, 110) == [1, 2, 3]
    assert cover_within(gains_MT, sizes_M, 60) == [2, 3, 4]
    assert cover_within(gains_MT, sizes_M, 50) == [5]


def test_what_enters_pushes_out_what_loses_least_and_the_room_left_is_filled() -> None:
    standing = np.array([[5.0, 0, 0, 0], [0, 3.0, 0, 0], [0, 0, 4.0, 0], [0, 0, 0, 0.5]])
    sizes_M, enters = np.array([10.0, 10.0, 10.0, 2.0]), np.array([[4.5, 9.0, 0, 0]])
    taken, parted = complete(enters, np.array([15.0]), NONE, np.array([0, 1, 2]), standing, sizes_M, 30.0)
    assert taken.tolist() == [[False, False, True, True]]
    assert parted.tolist() == [True]
    taken, parted = complete(enters, np.array([31.0]), NONE, np.array([0, 1, 2]), standing, sizes_M, 30.0)
    assert not taken.any()


def simulated(
    mean_T: Floats, change_T: Floats, size: float, believed_MT: Floats, row: int, sizes_M: Floats, room: float
) -> float:
    """Move the belief about one set at random, choose the design anew, and see how much better it is."""
    rng, rises = np.random.default_rng(0), []
    before = best_by_force(believed_MT, sizes_M, room)
    others_MT = np.delete(believed_MT, row, axis=0) if row >= 0 else believed_MT
    sizes = np.append(np.delete(sizes_M, row) if row >= 0 else sizes_M, size)
    for _ in range(100):
        moved_MT = np.vstack([others_MT, mean_T + change_T * rng.standard_normal(len(mean_T))])
        rises.append(best_by_force(moved_MT, sizes, room) - before)
    return float(np.mean(rises)) / len(mean_T)


@pytest.mark.parametrize("seed", range(4))
def test_the_rise_is_near_that_of_choosing_the_design_anew(seed: int) -> None:
    rng = np.random.default_rng(seed)
    believed_MT = np.vstack([rng.normal(size=(5, 4)), np.zeros(4)])
    believed_MT[:5][rng.random((5, 4)) < 0.4] = np.nan
    new_T = np.where(rng.random(4) < 0.3, np.nan, rng.normal(size=4) + 0.5)
    new_T[0] = 0.3
    mean_CT = np.vstack([believed_MT, new_T])
    change_CT = np.where(np.isnan(mean_CT), np.nan, rng.uniform(0.1, 0.8, mean_CT.shape))
    sizes_M, known_C = rng.integers(2, 9, 6).astype(float), np.array([*range(6), -1])
    sizes_C = np.append(sizes_M, 5.0)
    design = cover_within(believed_MT, sizes_M, 12.0)
    rises = expected_rise_within(
        mean_CT, change_CT, believed_MT, known_C, sizes_C[None], sizes_M, design, 12.0
    )
    wanted = [
        simulated(mean_CT[at], change_CT[at], sizes_C[at], believed_MT, row, sizes_M, 12.0)
        for at, row in enumerate(known_C)
    ]
    np.testing.assert_allclose(rises, wanted, atol=0.12)


def test_where_there_is_room_for_all_the_rise_is_that_of_a_network_for_each_task() -> None:
    rng = np.random.default_rng(0)
    believed_MT, mean_CT = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    known_C, change_CT = np.array([0, 1, -1, -1]), np.full((4, 2), 0.3)
    rises = expected_rise_within(
        mean_CT, change_CT, believed_MT, known_C, np.ones((1, 4)), np.ones(3), [0, 1], 4.0
    )
    np.testing.assert_allclose(rises, expected_rise(mean_CT, change_CT, believed_MT, known_C, 2))


def test_what_cannot_fit_is_worth_nothing_and_what_may_fit_a_share() -> None:
    believed_MT, mean_CT, change_CT = np.zeros((1, 2)), np.full((3, 2), 5.0), np.full((3, 2), 0.1)
    sizes_QC = np.array([[5.0, 5.0, 20.0], [8.0, 15.0, 30.0], [9.0, 20.0, 40.0]])
    rises = expected_rise_within(
        mean_CT, change_CT, believed_MT, np.array([-1] * 3), sizes_QC, np.array([8.0]), [0], 10.0
    )
    np.testing.assert_allclose(rises, [5.0, 5.0 / 3, 0.0], atol=1e-6)


def test_a_set_in_the_design_may_become_smaller_but_never_larger() -> None:
    """Where it shrinks there is room for what was outside."""
    believed_MT, sizes_M = np.array([[5.0, 5.0, 0.0], [0.0, 0.0, 6.0]]), np.array([8.0, 6.0])
    change_CT = np.full((1, 3), 0.01)
    for size, rise in ((4.0, 2.0), (8.0, 0.0), (50.0, 0.0)):
        found = expected_rise_within(
            believed_MT[:1], change_CT, believed_MT, np.array([0]), np.array([[size]]), sizes_M, [0], 10.0
        )
        assert found[0] == pytest.approx(rise, abs=0.02)


def test_many_networks_of_many_tasks_are_covered_in_time() -> None:
    rng = np.random.default_rng(0)
    members_MT = rng.random((200, 100)) < 0.1
    gains_MT = np.where(members_MT, rng.normal(size=(200, 100)), np.nan)
    began = time.process_time()
    cover_within(gains_MT, rng.uniform(50, 150, 200), 2000.0)
    assert time.process_time() - began < 4.0, "half a second on a machine that does nothing else"
