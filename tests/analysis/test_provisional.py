"""When a verdict may still change with more trials of the references."""

import math
from typing import Any

from mtl_search.analysis.provisional import provisional
from tests.fixtures.frames import TASKS, trials, valid_gains


def study(
    arm: str, gains: list[float], members: list[str], start: int = 0, **more: object
) -> list[dict[str, Any]]:
    return [
        {
            "trial_id": f"{arm}.{'+'.join(members)}-{start + number}",
            "arm": arm,
            "members": members,
            "mean_gain": gain,
            "finished": start + number,
            **more,
        }
        for number, gain in enumerate(gains)
    ]


FLAT = [0.0, 1.0, *[0.5] * 10]
AGE, DEATH = study("single_task", FLAT, ["age"]), study("single_task", FLAT, ["death"])
SEARCH = study("search", [0.0] * 3, ["age", "death"], start=50)


def reasons(*rows: dict[str, Any], noise: float = 0.0) -> list[str]:
    again = [
        {"trial_id": f"r{at}", "config_id": "r", "phase": "replication", "members": ["age", "death"]}
        for at in range(2)
    ]
    spread = valid_gains(
        {f"r{at}": dict.fromkeys(("age", "death"), at * noise * math.sqrt(2)) for at in range(2)}
    )
    return provisional(trials(*rows, *again), spread, TASKS)


def test_enough_trials_that_have_settled() -> None:
    assert reasons(*AGE, *DEATH, *SEARCH) == []


def test_few_completed_trials_are_named() -> None:
    pruned = study("single_task", FLAT[:3], ["death"], state="pruned")
    assert reasons(*AGE, *DEATH[:9], *pruned, *SEARCH) == [
        "fewer than 10 completed trials: single_task death 9"
    ]
    assert reasons(*AGE[:7], *DEATH[:9], *SEARCH) == [
        "fewer than 10 completed trials: single_task 7 to 9 in 2 studies"
    ]


def test_every_reference_counts_and_the_search_does_not() -> None:
    told = reasons(*AGE, *DEATH, *study("shared_tuned", [0.0] * 4, ["age", "death"]), *SEARCH)
    assert told == ["fewer than 10 completed trials: shared_tuned 4"]
    told = reasons(*AGE, *DEATH, *study("linear", [0.0] * 2, ["age"]), *SEARCH)
    assert told == ["fewer than 10 completed trials: linear age 2"]


def test_a_best_that_comes_last_is_still_improving() -> None:
    last = study("single_task", [2.0], ["age"], start=12)
    assert reasons(*AGE, *last, *DEATH, *SEARCH) == ["still improving at its last trial: single_task age"]


def test_a_best_within_the_noise_of_seeds_is_not() -> None:
    last = study("single_task", [2.0], ["age"], start=12)
    assert reasons(*AGE, *last, *DEATH, *SEARCH, noise=1.5) == []
    assert reasons(*AGE, *last, *DEATH, *SEARCH, noise=0.5) != []


def test_noise_is_that_of_the_mean_over_tasks_by_their_weights() -> None:
    tied = study("shared_tuned", FLAT, ["age", "death"])
    last = study("shared_tuned", [2.0], ["age", "death"], start=12)
    again = [{"trial_id": f"r{at}", "config_id": "r", "phase": "replication"} for at in range(2)]
    gains = {f"r{at}": {"age": 10.0 * at, "death": 0.0, "ward": 0.0} for at in range(2)}
    of_search = study("search", [0.0] * 3, ["age", "death"], start=50)
    table = trials(*AGE, *DEATH, *tied, *last, *of_search, *again)
    light = TASKS.assign(weight=[0.1, 1.0, 1.0])
    assert provisional(table, valid_gains(gains), TASKS) == []
    assert provisional(table, valid_gains(gains), light) == [
        "still improving at its last trial: shared_tuned"
    ]


def test_a_task_without_a_gain_does_not_hide_the_noise_of_the_others() -> None:
    last = study("shared_tuned", [*FLAT, 2.0], ["age", "death"])
    again = [{"trial_id": f"r{at}", "config_id": "r", "phase": "replication"} for at in range(2)]
    gains = {f"r{at}": {"age": 5.0 * at, "death": math.nan} for at in range(2)}
    table = trials(*AGE, *DEATH, *last, *study("search", [0.0] * 3, ["age", "death"], start=50), *again)
    assert provisional(table, valid_gains(gains), TASKS) == []


def test_what_is_tried_when_the_search_is_over_comes_last_by_nature() -> None:
    after = study("single_task", [2.0], ["age"], start=90)
    assert reasons(*AGE, *DEATH, *SEARCH, *after) == []


def test_they_count_as_trials() -> None:
    few = study("single_task", FLAT[:8], ["age"])
    after = study("single_task", [0.1, 0.2], ["age"], start=90)
    assert reasons(*few, *after, *DEATH, *SEARCH) == []
    assert reasons(*few, *DEATH, *SEARCH) != []
