"""Which designs are confirmed."""

from typing import Any

import pytest

from mtl_search.search.finalists import finalists
from mtl_search.search.settings import Budget


def design(arm: str, n_networks: int, delta_m: float, rank: int = 1) -> dict[str, Any]:
    return {"arm": arm, "n_networks": n_networks, "delta_m": delta_m, "rank": rank}


DESIGNS = [
    design("single_task", 3, 0.0),
    design("shared_tuned", 1, -1.0),
    design("shared_tuned", 2, 0.5),
    design("shared_tuned", 3, 0.7),
    design("search", 1, 0.2),
    design("search", 2, 1.0),
    design("search", 2, 0.8, rank=2),
    design("search", 2, 0.9, rank=3),
]


def test_a_reference_arm_sends_its_plain_baseline_and_its_best() -> None:
    chosen = finalists(DESIGNS, Budget(trials=1, finalists=2))
    assert [d for d in chosen if d["arm"] == "shared_tuned"] == [DESIGNS[1], DESIGNS[3]]
    assert [d for d in chosen if d["arm"] == "single_task"] == [DESIGNS[0]]


@pytest.mark.parametrize(
    ("count", "deltas"), [(1, [0.2, 1.0]), (3, [0.2, 1.0, 0.9]), (9, [0.2, 1.0, 0.9, 0.8])]
)
def test_the_search_sends_each_number_of_networks_and_the_best_runners_up(
    count: int, deltas: list[float]
) -> None:
    chosen = finalists(DESIGNS, Budget(trials=1, finalists=count))
    assert [d["delta_m"] for d in chosen if d["arm"] == "search"] == deltas


@pytest.mark.parametrize("budget", [Budget(trials=1, finalists=0), Budget(trials=1, seeds=0)])
def test_no_confirmation_no_finalists(budget: Budget) -> None:
    assert finalists(DESIGNS, budget) == []
