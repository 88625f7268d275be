"""Extending: more trials or hours, for the search alone or for the references too."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.search.preparing.extending import check_room, extended
from mtl_search.sweep import SweepSpec
from tests.fixtures.boards import synthetic_trial

MakeSpec = Callable[..., SweepSpec]


def budget(spec: SweepSpec) -> tuple[Any, ...]:
    found = spec.settings.budget
    return found.trials, found.reference_trials, found.hours, found.reference_hours


def in_hours(tiny_spec: MakeSpec, **more: Any) -> SweepSpec:
    return tiny_spec(budget={"trials": None, "hours": 2.0, **more})


def test_nothing_given_changes_nothing(tiny_spec: MakeSpec) -> None:
    assert extended(tiny_spec(), []).settings == tiny_spec().settings


@pytest.mark.parametrize(
    ("trials", "references", "expected"),
    [(6, False, 2), (6, True, 4), (7, True, 5), (2, True, 2), (2, False, 2)],
)
def test_more_trials(tiny_spec: MakeSpec, trials: int, references: bool, expected: int) -> None:
    # 3 trials and 2 of each reference so far
    spec = extended(tiny_spec(), [], trials=trials, references=references)
    assert budget(spec) == (trials, expected, None, None)


def test_more_hours(tiny_spec: MakeSpec) -> None:
    once = extended(in_hours(tiny_spec), [], hours=5.0)
    assert budget(once)[2:] == (5.0, 2.0)
    assert budget(extended(once, [], hours=6.0))[2:] == (6.0, 2.0), "still what they had at first"
    assert budget(extended(once, [], hours=6.0, references=True))[2:] == (6.0, None)
    assert budget(extended(in_hours(tiny_spec), [], hours=5.0, references=True))[2:] == (5.0, None)


def test_hours_in_the_place_of_trials(tiny_spec: MakeSpec) -> None:
    assert budget(extended(tiny_spec(), [], hours=5.0)) == (None, 2, 5.0, 0.0), "no more for references"
    assert budget(extended(tiny_spec(), [], hours=5.0, references=True)) == (None, 2, 5.0, None)


def test_trials_in_the_place_of_hours(tiny_spec: MakeSpec) -> None:
    records = [
        synthetic_trial(f"{study}-{number:04}", arm=study.split(".")[0])
        for study, count in (("single_task.cost", 5), ("single_task.ill", 4), ("shared_equal", 6))
        for number in range(count)
    ]
    assert budget(extended(in_hours(tiny_spec), records, trials=9)) == (9, 3, None, None)
    assert budget(extended(in_hours(tiny_spec), records, trials=9, references=True)) == (9, 2, None, None)


def test_what_is_used_up_is_refused() -> None:
    one = synthetic_trial("search-0000")
    records = [replace(one, finished=one.started + timedelta(hours=3))]
    check_room(records, 2.0, slots=2)
    with pytest.raises(
        SpecError, match=r"--hours: expected more than the 1\.5 that the sweep has used, found 1"
    ):
        check_room(records, 1.0, slots=2)
