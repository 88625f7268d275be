"""Which designs are confirmed."""

import pytest

from mtl_search.records import DesignRecord
from mtl_search.search.designs.finalists import finalists
from mtl_search.sweep.settings import Budget
from tests.fixtures.frames import design as plain_design


def design(arms: str, n_networks: int, delta_m: float, *, chosen: bool = False) -> DesignRecord:
    arm, *others = arms.split()
    return plain_design(
        arm,
        design_id=f"{arms} {n_networks} {delta_m}",
        arms=(arm, *others),
        n_networks=n_networks,
        delta_m=delta_m,
        chosen=chosen,
    )


BEST, SECOND, OWN = design("pooled", 3, 1.2), design("pooled", 2, 1.1), design("search", 3, 1.0)
CHOSEN = design("pooled", 2, 0.9, chosen=True)
TUNED = [
    design("shared_tuned", 3, 0.7),
    design("shared_tuned", 2, 0.5),
    design("shared_tuned search", 1, 0.3),
]
MINE = [design("mine", 2, 0.1), design("mine", 1, -0.2)]
SINGLE, EQUAL = design("single_task", 3, 0.0), design("shared_equal", 1, -0.1)
DESIGNS = [BEST, SECOND, OWN, CHOSEN, *TUNED, *MINE[:1], SINGLE, EQUAL, *MINE[1:]]


def test_the_recommended_design_and_all_that_it_is_compared_with() -> None:
    found = finalists(DESIGNS, Budget(trials=1, finalists=1))
    assert found[0] is CHOSEN
    rest = [SINGLE, EQUAL, TUNED[2], OWN, MINE[0]]  # plain baselines, and what each other arm does best
    assert sorted(d.design_id for d in found[1:]) == sorted(d.design_id for d in rest)


@pytest.mark.parametrize(("count", "more"), [(3, []), (4, [BEST]), (5, [BEST, SECOND]), (99, DESIGNS)])
def test_then_the_best_of_the_rest(count: int, more: list[DesignRecord]) -> None:
    few = finalists(DESIGNS, Budget(trials=1, finalists=1))
    found = finalists(DESIGNS, Budget(trials=1, finalists=count))
    assert found[: len(few)] == few
    assert found[len(few) :] == [one for one in more if one not in few]


def test_a_design_of_two_arms_is_confirmed_once() -> None:
    both = design("single_task search", 2, 0.0, chosen=True)
    assert finalists([both], Budget(trials=1)) == [both]


@pytest.mark.parametrize("budget", [Budget(trials=1, finalists=0), Budget(trials=1, seeds=0)])
def test_no_confirmation_no_finalists(budget: Budget) -> None:
    assert finalists(DESIGNS, budget) == []
