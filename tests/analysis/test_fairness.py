from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.analysis import arm_costs, caveats
from mtl_search.analysis.fairness import missing_trainings
from tests.fixtures.frames import design, trials


def confirmed(*arms: str, seeds: int = 5, control: str = "single_task") -> list[Any]:
    return [
        SimpleNamespace(
            design=design(arm, chosen=arm == "search", control=control),
            seeds=tuple(range(seeds)),
        )
        for arm in arms
    ]


ALL = ("single_task", "shared_tuned", "search")


REPLICATE = {"trial_id": "again", "arm": "x", "phase": "replication"}


def arm(name: str, n: int, seconds: float = 1.0) -> list[dict[str, Any]]:
    return [{"trial_id": f"{name}{i}", "arm": name, "device_seconds": seconds} for i in range(n)]


def test_costs_count_what_was_trained() -> None:
    frame = trials(
        {"trial_id": "a", "arm": "x", "device_seconds": 2.0},
        {"trial_id": "b", "arm": "x", "device_seconds": 3.0, "state": "failed"},
        {"trial_id": "c", "arm": "x", "device_seconds": 4.0, "duplicate_of": "a"},
        {"trial_id": "d", "arm": "x", "device_seconds": 5.0, "phase": "confirmation"},
        {"trial_id": "e", "arm": "y", "device_seconds": 6.0, "state": "pruned"},
        {"trial_id": "e.lost1", "arm": "y", "device_seconds": 7.0, "state": "failed", "lost": True},
        {"trial_id": "f", "arm": "y", "device_seconds": 0.5, "lost": None},
    )
    assert arm_costs(frame) == {"x": (2, 5.0), "y": (2, 6.5)}


def test_a_fair_comparison_has_no_caveat() -> None:
    assert caveats(trials(REPLICATE, *arm("x", 10), *arm("y", 11)), confirmed(*ALL)) == []


@pytest.mark.parametrize(("n", "seconds"), [(10, 50.0), (50, 0.2)])
def test_equal_in_trials_or_in_device_time_is_fair(n: int, seconds: float) -> None:
    assert caveats(trials(REPLICATE, *arm("x", 10), *arm("y", n, seconds)), confirmed(*ALL)) == []


def test_unequal_budgets_are_named_with_what_was_used() -> None:
    (note,) = caveats(trials(REPLICATE, *arm("x", 10), *arm("y", 40, 2.0)), confirmed(*ALL))
    assert note == "unequal budgets: x 10 trials in 10 s, y 40 trials in 80 s"


@pytest.mark.parametrize(("seeds", "words"), [(1, "1 seed:"), (2, "2 seeds:")])
def test_few_seeds_are_named(seeds: int, words: str) -> None:
    (note,) = caveats(trials(REPLICATE, *arm("x", 3)), confirmed(*ALL, seeds=seeds))
    assert note.startswith(words)


def test_missing_references_are_named() -> None:
    notes = caveats(trials(REPLICATE, *arm("x", 3)), confirmed("search", control="search"))
    assert ["single_task" in notes[0], "shared_tuned" in notes[1]] == [True, True]


def test_designs_chosen_for_single_trainings_are_named() -> None:
    (note,) = caveats(trials(*arm("x", 3)), confirmed(*ALL))
    assert note.startswith("no replication:")


def test_tasks_without_a_reference_are_named() -> None:
    (note,) = caveats(trials(REPLICATE, *arm("x", 3)), confirmed(*ALL), ["cost", "stay"])
    assert note == ("not part of delta_m: cost; stay; served by the best single network")


def test_a_missing_control_is_named() -> None:
    (note,) = caveats(trials(REPLICATE, *arm("x", 3)), confirmed(*ALL, control="lost"))
    assert note.startswith("the recommended design has no control")


@pytest.mark.parametrize("phase", ["replication", "confirmation"])
def test_what_was_never_trained_is_named_and_what_was_at_last_is_not(phase: str) -> None:
    again = {"phase": phase, "seed": 7, "members": ["age", "cost"]}
    lost = {**again, "trial_id": "a", "config_id": "A", "state": "failed", "error": "Gone: a\nnode"}
    assert missing_trainings(trials(lost, {**lost, "trial_id": "b", "state": "complete"})) == []
    (note,) = missing_trainings(trials(lost, {**lost, "trial_id": "b"}))
    assert note.startswith(f"missing in the {phase}, ")
    assert note.endswith("search network of age cost on seed 7 (Gone: a)")
    many = [{**lost, "trial_id": str(seed), "seed": seed} for seed in range(9)]
    assert missing_trainings(trials(*many))[0].endswith(" and 4 more")
