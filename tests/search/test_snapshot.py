"""Snapshots: where a sweep stands."""

import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.records import Phase
from mtl_search.search.designs.composing import compose_arm
from mtl_search.search.designs.plans import NetworkPlan
from mtl_search.search.jobs import Job
from mtl_search.search.phases.confirmation import Confirmation
from mtl_search.search.snapshot import take, take_retraining
from mtl_search.training import TrialOutcome, failure

MakeBench = Callable[..., Any]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time, to be set."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_at_the_start(bench: MakeBench, clock: list[float]) -> None:
    shown = take(bench().open(), started=90.0, done_before=0)
    assert [(arm.name, arm.planned) for arm in shown.arms] == [
        ("single_task", 4),
        ("shared_equal", 4),
        ("shared_tuned", 4),
        ("search", 3),
    ]
    assert (shown.done, shown.planned, shown.seconds, shown.seconds_left) == (0, 15, 10.0, None)
    assert all(arm.complete == arm.pruned == arm.failed == arm.running == 0 for arm in shown.arms)
    assert all(math.isnan(arm.best) for arm in shown.arms)


def test_in_the_middle(bench: MakeBench, clock: list[float]) -> None:
    b = bench(pruner={"name": "asha", "min_epochs": 1, "reduction_factor": 2})
    plain = b.outcome
    b.outcome = lambda job: failure(ValueError("x")) if job.trial_id == "single_task.ill-0000" else plain(job)
    source = b.open(slots=2)
    b.run(source, slots=2, stop_after=6)
    shown = take(source, started=40.0, done_before=0)
    states = source.ledger.states
    for arm in shown.arms:
        assert (arm.complete, arm.pruned, arm.failed) == tuple(
            states[arm.name][state] for state in ("complete", "pruned", "failed")
        )
        designs = compose_arm(b.spec, source.ledger, arm.name, final=False)
        assert arm.best == (
            pytest.approx(designs[-1].delta_m) if designs else pytest.approx(math.nan, nan_ok=True)
        )
    assert shown.arms[0].failed == 1
    assert sum(arm.running for arm in shown.arms) == len(source.running) == 1
    assert shown.done == 6
    assert shown.seconds_left == pytest.approx(60.0 / 6 * 9)


def test_after_a_resume_only_new_trials_say_how_fast_it_goes(bench: MakeBench, clock: list[float]) -> None:
    b = bench()
    b.run(b.open(), stop_after=9)
    source = b.open()
    assert take(source, started=99.0, done_before=9).seconds_left is None
    b.run(source, stop_after=3)
    shown = take(source, started=88.0, done_before=9)
    assert (shown.done, shown.seconds) == (12, 12.0)
    assert shown.seconds_left == pytest.approx(12.0 / 3 * 3)


def test_under_a_budget_of_hours_the_first_trials_say_how_many_there_will_be(
    bench: MakeBench, clock: list[float]
) -> None:
    b = bench(budget={"trials": None, "hours": 1.0, "finalists": 2, "seeds": 3, "repeats": 1})
    source = b.open()
    shown = take(source, started=90.0, done_before=0)
    assert (shown.planned, {arm.planned for arm in shown.arms}) == (None, {None})
    plain = b.outcome

    def outcome(job: Job) -> TrialOutcome:
        clock[0] += 60.0
        result: TrialOutcome = plain(job)
        return result

    b.outcome = outcome
    b.run(source, stop_after=1)
    shown = take(source, started=90.0, done_before=0)
    assert shown.planned is not None
    assert 30 < shown.planned <= 58, "trials of a minute in an hour, some of which is for what follows"
    *others, searched = (arm.planned or 0 for arm in shown.arms)
    assert searched > sum(others) - 1
    assert shown.seconds_left == pytest.approx(0.97 * 3600 - 60)
    b.run(source)
    shown = take(source, started=90.0, done_before=0)
    assert shown.done == shown.planned, "nothing is promised that does not come"


def test_why_the_newest_trial_was_chosen(bench: MakeBench) -> None:
    b = bench(sampler={"grouping": "pairs"})
    source = b.open()
    b.run(source, stop_after=12)
    assert take(source, 0.0, 0).note == ""
    source.next()
    assert take(source, 0.0, 0).note.split()[0] in ("pair", "random")


def test_a_confirmation_below_the_arms(bench: MakeBench, clock: list[float]) -> None:
    b = bench(budget={"finalists": 1, "seeds": 3})
    source = b.open()
    b.run(source)
    search = take(source, started=0.0, done_before=0)
    networks = [NetworkPlan.of(r) for r in source.ledger.records if r.arm == "single_task"][:2]
    confirmation = Confirmation(b.spec.settings, b.dataset, source.ledger, networks)
    shown = take_retraining(confirmation, search, started=95.0, done_before=0)
    assert (search.phase, shown.phase) == (Phase.SEARCH, Phase.CONFIRMATION)
    assert shown.arms[:-1] == search.arms
    row = shown.arms[-1]
    assert (row.name, row.complete, row.running, row.planned) == ("confirmation", 0, 0, 6)
    assert (shown.done, shown.planned, shown.seconds_left) == (0, 6, None)
    b.run(confirmation, stop_after=3)
    job = confirmation.next()
    shown = take_retraining(confirmation, search, started=94.0, done_before=0)
    row = shown.arms[-1]
    assert (row.name, row.complete, row.running) == ("confirmation", 3, 1)
    assert shown.seconds_left == pytest.approx(6.0 / 3 * 3)
    after_a_resume = take_retraining(confirmation, search, started=94.0, done_before=3)
    assert after_a_resume.seconds_left is None, "nothing new yet says how fast it goes"
    assert job.read_test
