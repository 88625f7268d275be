"""Snapshots: where a sweep stands."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mtl_search.records import Phase
from mtl_search.search import Count, Snapshot, Step
from mtl_search.search.designs.composing import compose_arm
from mtl_search.search.designs.plans import NetworkPlan
from mtl_search.search.forecast.clock import RunClock
from mtl_search.search.forecast.forecast import Forecast
from mtl_search.search.forecast.stage import Stage
from mtl_search.search.jobs import Job
from mtl_search.search.phases.catch_up import CatchUp, until_settled
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.confirmation import Confirmation
from mtl_search.search.phases.replication import Replication
from mtl_search.search.snapshot import take
from mtl_search.training import TrialOutcome, failure

MakeBench = Callable[..., Any]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time, to be set."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def each_takes(seconds: float, bench: Any, clock: list[float]) -> None:
    """Every trial of ``bench`` takes so long."""
    plain = bench.outcome

    def outcome(job: Job) -> TrialOutcome:
        clock[0] += seconds
        result: TrialOutcome = plain(job)
        return result

    bench.outcome = outcome


@dataclass
class Sweep:
    """A process's part of a bench's sweep, and what it shows."""

    bench: Any
    conductor: Conductor
    stage: Stage
    clock: RunClock
    forecast: Forecast

    @classmethod
    def of(cls, bench: Any, *, began: float = 90.0, slots: int = 1) -> "Sweep":
        conductor = bench.open(slots=slots)
        data, ledger = bench.dataset.without_test(), conductor.ledger
        replication = Replication(bench.spec, data, ledger, conductor.hours)
        stage = Stage(conductor, CatchUp(conductor, replication), replication)
        run = RunClock(began)
        return cls(bench, conductor, stage, run, Forecast(bench.spec, data, ledger, run, slots))

    def look(self) -> Snapshot:
        return take(self.stage, self.forecast, self.clock)

    def rows(self) -> dict[str, Any]:
        return {arm.name: arm for arm in self.look().arms}


def test_at_the_start_all_steps_are_planned(bench: MakeBench, clock: list[float]) -> None:
    shown = Sweep.of(bench(budget={"finalists": 1, "seeds": 3, "repeats": 2})).look()
    planned = {arm.name: arm.planned for arm in shown.arms}
    assert {name: planned[name] for name in ("single_task", "shared_equal", "shared_tuned", "search")} == {
        "single_task": Count.exactly(4),
        "shared_equal": Count.exactly(4),
        "shared_tuned": Count.exactly(4),
        "search": Count.exactly(3),
    }
    assert list(planned)[4:] == ["catch-up", "replication", "confirmation"]
    assert shown.planned is not None
    assert shown.planned.low > 15 + 2 * 4
    assert (shown.step, shown.done, shown.seconds, shown.seconds_left) == (Step.SEARCH, 0, 10.0, None)
    assert all(arm.complete == arm.pruned == arm.failed == arm.running == 0 for arm in shown.arms)
    assert all(math.isnan(arm.best) for arm in shown.arms)


def test_in_the_middle(bench: MakeBench, clock: list[float]) -> None:
    b = bench(pruner={"name": "asha", "min_epochs": 1, "reduction_factor": 2})
    plain = b.outcome
    b.outcome = lambda job: failure(ValueError("x")) if job.trial_id == "single_task.ill-0000" else plain(job)
    sweep = Sweep.of(b, slots=2)
    b.run(sweep.conductor, slots=2, stop_after=6)
    shown, states = sweep.look(), sweep.conductor.ledger.states
    for arm in shown.arms[:4]:
        assert (arm.complete, arm.pruned, arm.failed) == tuple(
            states[arm.name][state] for state in ("complete", "pruned", "failed")
        )
        designs = compose_arm(b.spec, sweep.conductor.ledger, arm.name, final=False)
        assert arm.best == (
            pytest.approx(designs[-1].delta_m) if designs else pytest.approx(math.nan, nan_ok=True)
        )
    assert (shown.done, shown.failed, shown.arms[0].failed) == (6, 1, 1)
    (trial,) = shown.running
    assert (trial.members, trial.epoch, trial.epochs) == (shown.chosen, 0, 2)
    assert sum(arm.running for arm in shown.arms) == 1


def test_start_up_is_left_out_of_what_is_left(bench: MakeBench, clock: list[float]) -> None:
    b = bench()
    each_takes(1.0, b, clock)
    sweep = Sweep.of(b)
    sweep.clock.opened()
    assert sweep.look().starting
    clock[0] += 50.0
    sweep.clock.worked()
    b.run(sweep.conductor, stop_after=6)
    shown = sweep.look()
    assert not shown.starting
    assert shown.seconds == 66.0
    assert shown.planned is not None
    assert shown.seconds_left == pytest.approx(shown.planned.expected - 6, rel=0.3)


def test_elapsed_time_and_trials_of_all_runs(bench: MakeBench, clock: list[float]) -> None:
    b = bench()
    each_takes(3.0, b, clock)
    b.run(b.open(), stop_after=9)
    shown = Sweep.of(b, began=clock[0] - 10.0).look()
    assert (shown.done, shown.seconds) == (9, 10.0)
    assert shown.before >= 3.0, "of trials that overlap on the calendar, which is not faked"


def test_steps_come_one_after_the_other_to_an_end_that_was_planned(
    bench: MakeBench, clock: list[float]
) -> None:
    b = bench(budget={"trials": 6, "reference_trials": 3, "finalists": 1, "seeds": 2, "repeats": 1})
    sweep = Sweep.of(b)
    ledger, steps = sweep.conductor.ledger, []
    b.run(sweep.conductor)
    first = sweep.look()
    of_source = {id(sweep.stage.catch_up): Step.CATCH_UP, id(sweep.stage.replication): Step.REPLICATION}
    for source in until_settled(sweep.conductor, sweep.stage.catch_up, sweep.stage.replication):
        sweep.stage.step = of_source[id(source)]
        b.run(source, stop_after=1)
        steps.append(sweep.look())
        b.run(source)
    networks = [NetworkPlan.of(r) for r in ledger.records if r.arm == "single_task"][:2]
    sweep.stage.confirmation = Confirmation(b.spec.settings, b.dataset, ledger, networks)
    sweep.stage.step = Step.CONFIRMATION
    job = sweep.stage.confirmation.next()
    shown, rows = sweep.look(), sweep.rows()
    assert (shown.step, shown.running[0].members) == (Step.CONFIRMATION, job.config.members)
    assert (rows["confirmation"].planned, rows["confirmation"].running) == (Count.exactly(4), 1)
    assert rows["single_task"].planned == Count.exactly(6) == Count.exactly(rows["single_task"].complete)
    assert rows["catch-up"].complete == ledger.states["single_task"].total() - 6
    assert rows["replication"].complete == ledger.replicates.states[Phase.REPLICATION].total()
    assert shown.planned == Count.exactly(shown.done + 4)
    done = [one.done for one in (first, *steps, shown)]
    assert done == sorted(done), "the bar never goes back"
    assert first.planned is not None
    assert all(one.planned.low <= one.planned.expected for one in steps if one.planned)


def test_under_a_budget_of_hours_the_first_trials_say_how_many_there_will_be(
    bench: MakeBench, clock: list[float]
) -> None:
    b = bench(budget={"trials": None, "hours": 1.0, "finalists": 2, "seeds": 3, "repeats": 1})
    sweep = Sweep.of(b)
    shown = sweep.look()
    assert (shown.planned, {arm.planned for arm in shown.arms[:4]}) == (None, {None})
    each_takes(60.0, b, clock)
    b.run(sweep.conductor, stop_after=1)
    rows, shown = sweep.rows(), sweep.look()
    *others, searched = (
        rows[name].planned.expected for name in ("single_task", "shared_equal", "shared_tuned", "search")
    )
    assert 30 < sum(others) + searched <= 58, "trials of a minute in an hour, some of it for what follows"
    assert searched > sum(others) - 1
    assert shown.seconds_left == pytest.approx(0.97 * 3600 - 60)


def test_why_the_newest_trial_was_chosen(bench: MakeBench) -> None:
    sweep = Sweep.of(bench(sampler={"grouping": "pairs"}))
    sweep.bench.run(sweep.conductor, stop_after=12)
    assert (sweep.look().note, sweep.look().chosen) == ("", ())
    sweep.conductor.next()
    assert sweep.look().note.split()[0] in ("pair", "random")
    assert sweep.look().chosen
