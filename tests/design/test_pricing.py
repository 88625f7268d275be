import math

import numpy as np
import pytest

from benchmarks.composition import best_by_milp
from mtl_search.design.facilities import Facilities
from mtl_search.design.pricing import PriceSearch

NONE = -math.inf


def random_problem(seed: int, n: int = 40, n_tasks: int = 8) -> Facilities:
    """Networks that serve a part of the tasks, some good at all, with costs far above any rounding."""
    random = np.random.default_rng(seed)
    gains_NT = 2 * random.normal(size=(n, 1)) + 3 * random.normal(size=(n, n_tasks))
    gains_NT[random.random((n, n_tasks)) < random.uniform(0, 0.8, size=(n, 1))] = NONE
    gains_NT[0] = -5.0
    return Facilities(np.arange(n), gains_NT, random.uniform(1e-3, 2e-3, n), random.uniform(0.2, 2.0, n))


def solved(facilities: Facilities, k: int, budget: float, start: tuple[int, ...] = ()) -> PriceSearch:
    search = PriceSearch(facilities, k, budget, start)
    search.run()
    assert search.finished
    return search


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("k", "budget"), [(1, 99.0), (2, 99.0), (3, 99.0), (5, 99.0), (8, 4.0), (3, 2.5)])
def test_agrees_with_the_mixed_integer_program(seed: int, k: int, budget: float) -> None:
    facilities = random_problem(seed)
    search, expected = solved(facilities, k, budget), best_by_milp(facilities, k, budget)
    assert sorted(search.best) == sorted(expected)
    assert search.value == pytest.approx(facilities.value(expected), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_any_start_leads_to_the_same_choice(seed: int) -> None:
    facilities = random_problem(seed)
    best = solved(facilities, 4, 99.0).best
    assert sorted(solved(facilities, 4, 99.0, start=(0,)).best) == sorted(best)
    assert solved(facilities, 4, 99.0, start=best).best == best


def test_nothing_feasible_is_no_choice() -> None:
    gains_NT = np.array([[1.0, NONE], [NONE, 1.0]])
    facilities = Facilities(np.arange(2), gains_NT, np.zeros(2), np.array([3.0, 3.0]))
    assert solved(facilities, 1, 9.0).best == ()
    assert solved(facilities, 2, 5.0).best == ()
    assert sorted(solved(facilities, 2, 6.0).best) == [0, 1]


def test_a_search_that_stops_early_says_so_and_keeps_a_choice_within_bounds() -> None:
    facilities = random_problem(1, n=200, n_tasks=14)
    search = PriceSearch(facilities, 9, 6.0)
    search.run(3)
    assert not search.finished
    assert facilities.value(search.best) == pytest.approx(search.value)
    assert len(search.best) <= 9
    assert facilities.shares_N[list(search.best)].sum() <= 6.0
