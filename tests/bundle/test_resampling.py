"""Bootstrap samples of whole units, and intervals that hold what they promise."""

import math

import numpy as np
import pytest

from mtl_search.bundle.resampling import interval, resampled_rows


def test_units_are_drawn_whole_and_as_many_as_there_are() -> None:
    units = np.array([7, 3, 7, 9, 9, 9])
    for rows in resampled_rows(units, 50, seed=1):
        counts = np.bincount(rows, minlength=6)
        assert counts[0] == counts[2]
        assert counts[3] == counts[4] == counts[5]
        assert counts[0] + counts[1] + counts[3] == 3


def test_samples_depend_on_the_seed_alone() -> None:
    one, same, other = ([r.tolist() for r in resampled_rows(np.arange(9), 5, s)] for s in (1, 1, 2))
    assert one == same != other
    assert len({tuple(sample) for sample in one}) == 5


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(0).normal(10, 2, 400)
    drawn = [float(values[rows].mean()) for rows in resampled_rows(np.arange(400), 2000, seed=0)]
    found = interval(float(values.mean()), drawn)
    error = 1.96 * values.std() / 20
    assert (found.low, found.high) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.03)


def test_groups_make_intervals_wider() -> None:
    random = np.random.default_rng(0)
    values, groups = np.repeat(random.normal(size=50), 8), np.repeat(np.arange(50), 8)

    def width(units: np.ndarray) -> float:
        found = interval(0.0, [float(values[rows].mean()) for rows in resampled_rows(units, 500, seed=0)])
        return found.high - found.low

    assert width(groups) / width(np.arange(400)) == pytest.approx(math.sqrt(8), rel=0.15)


@pytest.mark.parametrize("drawn", [[], [math.nan, math.nan, 1.0]])
def test_a_value_without_enough_samples_has_no_interval(drawn: list[float]) -> None:
    found = interval(0.5, drawn)
    assert found.value == 0.5
    assert math.isnan(found.low)
    assert math.isnan(found.high)
