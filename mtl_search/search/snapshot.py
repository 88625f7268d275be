"""Snapshot: where a sweep stands, as plain values for whatever shows it."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import final

from mtl_search.records import Phase, TrialState
from mtl_search.search.forecast.clock import RunClock
from mtl_search.search.forecast.counts import Count, Step, TrialPlan
from mtl_search.search.forecast.forecast import Forecast
from mtl_search.search.forecast.stage import Stage, arm_of
from mtl_search.search.forecast.standing import Standing
from mtl_search.search.jobs import ArmStanding
from mtl_search.search.ledger import Ledger

__all__ = ["ArmProgress", "RunningTrial", "Snapshot", "arm_progress", "later_steps", "take"]


@final
@dataclass(frozen=True, slots=True)
class ArmProgress:
    """An arm of the search, or a later step: trials by what became of them, how many there will be (None:
    nobody knows yet), the best so far."""

    name: str
    complete: int
    pruned: int
    failed: int
    running: int
    planned: Count | None
    best: float = math.nan  # delta_m of its best design so far in percent, NaN while there is none

    @property
    def standing(self) -> ArmStanding:
        """The same for an executor."""
        ended = {
            TrialState.COMPLETE: self.complete,
            TrialState.PRUNED: self.pruned,
            TrialState.FAILED: self.failed,
        }
        return ArmStanding(self.name, ended, self.running, self.best)


@final
@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A network in training: after how many of how many epochs, 0 of 0 if that is not known."""

    arm: str
    members: tuple[str, ...]
    epoch: int = 0
    epochs: int = 0


@final
@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole sweep at one moment, all steps and runs of it.

    ``seconds``: of this run, which never begin anew; ``before``: that runs before it were at work.
    ``seconds_left`` is None while there is nothing to estimate it from; under a budget of hours it is what
    the command has left until the confirmation, and ``planned`` what the time will do for, by the mean of the
    trials so far.
    """

    step: Step
    arms: tuple[ArmProgress, ...]
    done: int
    failed: int
    planned: Count | None
    seconds: float
    before: float
    seconds_left: float | None
    running: tuple[RunningTrial, ...] = ()
    starting: bool = False  # workers start, nothing is in training yet
    chosen: tuple[str, ...] = ()  # the members that were drafted last
    note: str = ""  # why these


def take(stage: Stage, forecast: Forecast, clock: RunClock) -> Snapshot:
    """Where the sweep stands."""
    conductor, standing = stage.conductor, stage.standing()
    plan, ahead = forecast.plan(standing), stage.ahead(clock.working)
    left = forecast.seconds_left(plan, standing, ahead)
    if conductor.hours is not None and standing.step is not Step.CONFIRMATION:
        left = max(0.0, conductor.hours.left)
    ledger, running = conductor.ledger, Counter(map(arm_of, stage.running))
    arms = [
        arm_progress(
            name,
            ledger,
            standing,
            plan,
            running=running[name],
            best=conductor.incumbents.delta_m(name),
        )
        for name in (arm.name for arm in conductor.arms)
    ]
    later = later_steps(ledger, standing, plan, running=running.total())
    newest = next(reversed(conductor.running.values()), None)
    return Snapshot(
        step=stage.step,
        arms=(*arms, *(row for row in later if row.planned != Count.exactly(0))),
        done=standing.done.total(),
        failed=sum(row.failed for row in (*arms, *later)),
        planned=plan.total if all(row.planned is not None for row in arms) else None,
        seconds=clock.seconds,
        before=forecast.before,
        seconds_left=left,
        running=tuple(
            RunningTrial(arm_of(one), one.job.config.members, len(one.history), one.job.config.epochs)
            for one in stage.running
        ),
        starting=clock.is_starting,
        chosen=newest.job.config.members if newest and stage.step is Step.SEARCH else (),
        note=stage.purpose,
    )


def arm_progress(
    arm: str, ledger: Ledger, standing: Standing, plan: TrialPlan, *, running: int, best: float
) -> ArmProgress:
    """An arm's trials; what the references train to catch up has a row of its own."""
    states, caught_up = ledger.states[arm], standing.done[Step.CATCH_UP, arm]
    known = standing.searched.get(arm) is not None or standing.step is not Step.SEARCH
    return ArmProgress(
        arm,
        states["complete"] - min(caught_up, states["complete"]),
        states["pruned"],
        states["failed"],
        running * (standing.step is Step.SEARCH),
        plan.at(Step.SEARCH, arm) if known else None,
        best,
    )


def later_steps(ledger: Ledger, standing: Standing, plan: TrialPlan, *, running: int) -> list[ArmProgress]:
    """What follows after the search."""
    found = []
    for step in (step for step in Step if step is not Step.SEARCH):
        done = sum(number for (of, _), number in standing.done.items() if of is step)
        failed = 0
        if step is not Step.CATCH_UP:
            failed = ledger.replicates.states[Phase(step.value)][TrialState.FAILED]
        here = running * (step is standing.step)
        found.append(ArmProgress(step.value, done - failed, 0, failed, here, plan.of(step)))
    return found
