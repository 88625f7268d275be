"""What a training is worth, against simulating it."""

import numpy as np
import pytest

from mtl_search.grouping.acquisition.facility import UNSERVED, cover
from mtl_search.grouping.acquisition.improvement import expected_rise

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
NONE = -1


def best_total(gains_MT: Floats, k: int) -> float:
    filled = np.where(np.isnan(gains_MT), -UNSERVED, gains_MT)
    return float(filled[cover(gains_MT, k)].max(axis=0, initial=-UNSERVED).sum())


def simulated(
    mean_T: Floats, change_T: Floats, believed_MT: Floats, row: int, k: int, draws: int = 4000
) -> float:
    """Move the belief about one set at random, choose the best design anew, and see how much better it is."""
    rng, before, rises = np.random.default_rng(0), best_total(believed_MT, k), []
    for _ in range(draws):
        moved_T = mean_T + change_T * rng.standard_normal(len(mean_T))
        after_MT = np.delete(believed_MT, row, axis=0) if row >= 0 else believed_MT
        rises.append(best_total(np.vstack([after_MT, moved_T]), k) - before)
    return float(np.mean(rises)) / len(mean_T)


def problem(seed: int) -> tuple[Floats, Floats, Floats]:
    """Seven measured sets and a candidate that is each of them, then a new one."""
    rng = np.random.default_rng(seed)
    believed_MT = np.vstack([rng.normal(size=(6, 4)), np.zeros(4)])
    believed_MT[:6][rng.random((6, 4)) < 0.4] = np.nan
    new_T = np.where(rng.random(4) < 0.3, np.nan, rng.normal(size=4) + 0.5)
    new_T[0] = 0.3
    mean_CT = np.vstack([believed_MT, new_T])
    return mean_CT, np.where(np.isnan(mean_CT), np.nan, rng.uniform(0.1, 0.8, mean_CT.shape)), believed_MT


@pytest.mark.parametrize("seed", range(3))
def test_with_a_network_for_each_task_the_rise_is_exact(seed: int) -> None:
    mean_CT, change_CT, believed_MT = problem(seed)
    known_C = np.array([*range(7), NONE])
    rises = expected_rise(mean_CT, change_CT, believed_MT, known_C, 4)
    for row, rise in zip(known_C, rises, strict=True):
        wanted = simulated(mean_CT[row], change_CT[row], believed_MT, row, 4)
        assert rise == pytest.approx(wanted, abs=0.03)
    assert (rises >= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_with_few_networks_the_rise_is_near_that_of_choosing_the_design_anew(seed: int) -> None:
    mean_CT, change_CT, believed_MT = problem(seed)
    known_C = np.array([*range(7), NONE])
    rises = expected_rise(mean_CT, change_CT, believed_MT, known_C, 2)
    wanted = [simulated(mean_CT[row], change_CT[row], believed_MT, row, 2, 500) for row in known_C]
    np.testing.assert_allclose(rises, wanted, atol=0.12)
    assert int(np.argmax(rises)) == int(np.argmax(wanted)) or np.ptp(np.sort(wanted)[-2:]) < 0.1


def test_a_set_that_is_sure_to_be_worse_adds_nothing() -> None:
    mean_CT, change_CT = np.array([[-5.0, -5.0]]), np.full((1, 2), 0.1)
    for k in (1, 2):
        rise = expected_rise(mean_CT, change_CT, np.zeros((1, 2)), np.array([NONE]), k)
        assert rise[0] == pytest.approx(0.0, abs=1e-9)


def test_what_is_less_known_is_worth_more() -> None:
    mean_CT, change_CT = np.zeros((2, 3)), np.array([[0.1] * 3, [1.0] * 3])
    for k in (1, 3):
        known = np.array([NONE, NONE])
        rise = expected_rise(mean_CT, change_CT, np.zeros((1, 3)), known, k)
        assert rise[1] > 5 * rise[0] > 0


def test_training_the_only_network_of_a_design_again_is_worth_what_the_second_best_saves() -> None:
    believed_MT = np.array([[1.0, 1.0], [0.9, 0.9]])
    change_CT = np.full((2, 2), 0.5)
    rise = expected_rise(believed_MT, change_CT, believed_MT, np.array([0, 1]), 1)
    assert rise[0] == pytest.approx(rise[1], rel=0.3)  # each may turn out to be the better one
    far = expected_rise(believed_MT, change_CT, np.array([[1.0, 1.0], [-9.0, -9.0]]), np.array([0, NONE]), 1)
    assert far[0] == pytest.approx(0.0, abs=0.03)  # nothing could take its place


def test_serving_a_task_that_no_network_serves_comes_first() -> None:
    believed_MT = np.array([[1.0, np.nan]])
    mean_CT = np.array([[np.nan, -3.0], [4.0, np.nan]])
    change_CT = np.where(np.isnan(mean_CT), np.nan, 0.1)
    rise = expected_rise(mean_CT, change_CT, believed_MT, np.array([NONE, NONE]), 2)
    assert rise[0] > 1000 > rise[1] > 0
