import math

import numpy as np
import pytest

from mtl_search.design.facilities import Facilities
from mtl_search.design.milp import best_by_milp

NONE = -math.inf


def problem(gains: list[list[float]], shares: list[float] | None = None) -> Facilities:
    n = len(gains)
    return Facilities(np.arange(n), np.array(gains), np.full(n, 1e-3), np.array(shares or [0.0] * n))


@pytest.mark.parametrize(
    ("k", "budget", "best"),
    [(1, 9.0, (0,)), (2, 9.0, (1, 2)), (3, 9.0, (1, 2)), (2, 3.0, (0, 2)), (2, 1.0, (0,)), (2, 0.5, ())],
)
def test_small_problems(k: int, budget: float, best: tuple[int, ...]) -> None:
    facilities = problem([[2.0, 2.0], [5.0, NONE], [NONE, 4.0]], shares=[1.0, 2.5, 1.5])
    assert best_by_milp(facilities, k, budget) == best


def test_a_task_that_none_serves_leaves_no_choice() -> None:
    assert best_by_milp(problem([[1.0, NONE], [2.0, NONE]]), 2, 0.0) == ()
    assert best_by_milp(problem([[1.0, 1.0]]).take(slice(0, 0)), 2, 0.0) == ()


def test_too_few_networks_to_serve_all_leave_no_choice() -> None:
    assert best_by_milp(problem([[1.0, NONE], [NONE, 1.0]]), 1, 0.0) == ()


def test_the_names_of_the_networks_are_returned() -> None:
    assert best_by_milp(problem([[0.0], [1.0], [2.0]]).take(slice(1, None)), 1, 0.0) == (2,)
