import math

import numpy as np

from mtl_search.design.facilities import Facilities

PROBLEM = Facilities(
    index_N=np.array([4, 7, 9]),
    gains_NT=np.array([[3.0, -1.0], [-math.inf, 2.0], [1.0, 1.0]]),
    costs_N=np.array([0.5, 0.25, 0.0]),
    shares_N=np.array([1.0, 2.0, 3.0]),
)


def test_a_choice_is_worth_its_best_gains_less_its_costs() -> None:
    assert PROBLEM.value([4, 7]) == 3.0 + 2.0 - 0.75
    assert PROBLEM.value([9]) == 2.0


def test_a_choice_that_leaves_a_task_out_is_worth_nothing_at_all() -> None:
    assert PROBLEM.value([7]) == -math.inf
    assert PROBLEM.value([]) == -math.inf


def test_some_of_them_keep_their_names() -> None:
    few = PROBLEM.take(np.array([True, False, True]))
    assert few.index_N.tolist() == [4, 9]
    assert few.value([9]) == PROBLEM.value([9])
    assert PROBLEM.take(slice(1, None)).shares_N.tolist() == [2.0, 3.0]
    assert PROBLEM.take(np.array([2, 0])).costs_N.tolist() == [0.0, 0.5]
