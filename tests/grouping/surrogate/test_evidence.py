"""Trainings of the same set, taken together."""

import math

import numpy as np
import pytest

from mtl_search.grouping.strategy import Measurement
from mtl_search.grouping.surrogate.evidence import SetEvidence, member_matrix

TASKS = ("a", "b", "c")


def trained(members: str, *gains: float) -> Measurement:
    return Measurement(tuple(members), dict(zip(members, gains, strict=False)))


def test_the_order_of_the_sets_is_that_in_which_they_were_met() -> None:
    evidence = SetEvidence.gather([trained("bc", 1, 2), trained("a", 0), trained("bc", 3, 4)], TASKS)
    assert evidence.sets == (("b", "c"), ("a",))
    np.testing.assert_array_equal(evidence.members_MT, [[0, 1, 1], [1, 0, 0]])
    np.testing.assert_array_equal(evidence.gains_MT, [[math.nan, 3, 4], [0, math.nan, math.nan]])
    np.testing.assert_array_equal(evidence.times_M, [1, 1])
    np.testing.assert_array_equal(evidence.trained_M, [2, 1])


@pytest.mark.parametrize(
    ("trainings", "gains"),
    [
        ([(1, 2)], [1, 2]),
        ([(1, 2), (-90, -80)], [1, 2]),  # a bad learning rate is not the fault of the tasks
        ([(-90, -80), (1, 2), (3, 4)], [2, 3]),
        (
            [(9, -9), (2, 2), (0, 0), (3, 3)],
            [2.5, 2.5],
        ),  # the better half of networks
    ],
)
def test_a_set_gains_what_the_better_half_of_its_trainings_do(
    trainings: list[tuple[float, float]], gains: list[float]
) -> None:
    evidence = SetEvidence.gather([trained("ab", *each) for each in trainings], ("a", "b"))
    np.testing.assert_allclose(evidence.gains_MT, [gains])


def test_an_undefined_gain_is_no_gain_in_the_mean() -> None:
    evidence = SetEvidence.gather([trained("ab", math.nan, 2), trained("ab", 5, math.nan)], TASKS)
    np.testing.assert_array_equal(evidence.gains_MT, [[5, 2, math.nan]])


def test_how_far_trainings_of_a_set_are_apart_and_one_that_diverged_counts_little() -> None:
    five = [trained("ab", gain, 1.0 + gain) for gain in (0.0, 1.0, 2.0, 3.0)]
    evidence = SetEvidence.gather([*five, trained("ab", -900.0, math.nan), trained("c", 1)], TASKS)
    np.testing.assert_array_equal(evidence.again_MT, [[4, 3, 0], [0, 0, 0]])
    spread = np.sqrt(evidence.apart_MT[0, :2] / evidence.again_MT[0, :2])
    np.testing.assert_allclose(spread, [1.4826, 1.4826], rtol=1e-4)
    np.testing.assert_array_equal(evidence.apart_MT[1], 0.0)


def test_an_auxiliary_member_has_no_gain() -> None:
    evidence = SetEvidence.gather([Measurement(("a", "b"), {"a": 1.0})], TASKS)
    np.testing.assert_array_equal(evidence.gains_MT, [[1, math.nan, math.nan]])
    np.testing.assert_array_equal(evidence.members_MT, [[1, 1, 0]])


@pytest.mark.parametrize(
    ("trainings", "times", "repeated"),
    [
        ([("ab", 1, 2)], [1], ""),  # not tried yet
        ([("ab", 1, 2), ("ab", 1, 2), ("c", 0)], [1, 1], "ab c"),  # looked up: no set shows anything new
        ([("ab", math.nan, 2), ("ab", math.nan, 2)], [1], "ab"),
        ([("ab", 1, 2), ("ab", 1, 3)], [2], ""),
        ([("ab", 1, 2), ("ab", 1, 2), ("c", 0), ("c", 1)], [1, 2], "ab"),  # another set shows something new
        ([("c", 0), ("c", 1), ("c", 0)], [2], "c"),
        ([("c", 0), ("c", 1), ("c", 0), ("b", 1), ("b", 2), ("a", 1)], [2, 2, 1], "b c"),  # two of each
        ([("c", 0), ("c", 1), ("c", 0), ("b", 1), ("b", 2), ("b", 3)], [2, 3], "c"),
        ([("c", 0), ("c", 1), ("c", 2), ("c", 0)], [3], ""),  # now and then two trainings are the same
    ],
)
def test_equal_trainings_count_once_and_say_whether_repeating_is_of_use(
    trainings: list[tuple[str, *tuple[float, ...]]], times: list[float], repeated: str
) -> None:
    evidence = SetEvidence.gather([trained(*training) for training in trainings], TASKS)
    assert evidence.trained_M.tolist() == times
    assert evidence.repeated == {tuple(members) for members in repeated.split()}


def test_nothing_measured_has_the_shape_of_the_tasks() -> None:
    evidence = SetEvidence.gather([], TASKS)
    assert evidence.gains_MT.shape == evidence.members_MT.shape == member_matrix([], TASKS).shape == (0, 3)
