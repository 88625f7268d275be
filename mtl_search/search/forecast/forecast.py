"""Forecast: how many trials a running sweep trains in all, and how long that still takes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from mtl_search.arm_names import CONTROL, SINGLE_TASK
from mtl_search.data import Dataset
from mtl_search.search.forecast.clock import RunClock, time_in_training
from mtl_search.search.forecast.counts import Step, TrialPlan
from mtl_search.search.forecast.planned import planned_trials
from mtl_search.search.forecast.standing import Standing, under_way
from mtl_search.search.forecast.typical import TypicalNetworks
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.arms import arms_of
from mtl_search.sweep.spec import SweepSpec

__all__ = ["Ahead", "Forecast"]

FEWEST = 3  # trainings in this sweep, before which nothing is said of time
SLOWEST = 1.5  # how much longer than its trainings alone a sweep is taken to last
STEADY = 10.0  # seconds of work that the pace of 1 counts for


@final
@dataclass(frozen=True, slots=True)
class Ahead:
    """A training that is running or next for sure: whose network it is, and for how long it has run."""

    arm: str
    config_id: str | None = None
    ran: float | None = None
    share: float = 0.0  # of its epochs


@final
class Forecast:
    """Learns from the ledger's trainings how long others will take.

    A training that waits for its worker to start says nothing of the next, so the start is left out, and
    counted once more if the confirmation is to come, which has workers of its own.
    """

    def __init__(
        self, spec: SweepSpec, dataset: Dataset, ledger: Ledger, clock: RunClock, slots: int
    ) -> None:
        self._ledger, self._clock, self.slots = ledger, clock, slots
        self._planned = planned_trials(spec)
        self._typical = TypicalNetworks(spec, dataset)
        self._arms = [arm.name for arm in arms_of(spec) if arm.is_reference]
        self._known = -1  # trainings that the two below were learned from
        self._whole_by_arm: dict[tuple[str, Step], float] = {}
        self._held = 0.0
        self._known_before = ledger.speeds.known
        self.before = time_in_training(ledger.board.records())

    def plan(self, standing: Standing) -> TrialPlan:
        """All that is trained, what was trained included."""
        return under_way(self._planned, standing)

    def seconds_left(self, plan: TrialPlan, standing: Standing, ahead: Sequence[Ahead]) -> float | None:
        """Until the last training of ``plan`` ends; None while there is too little to tell."""
        speeds = self._ledger.speeds
        if speeds.known < FEWEST:
            return None
        if speeds.known != self._known:
            self._known, self._whole_by_arm = speeds.known, {}
            self._held = speeds.held(self._known_before)
        seconds = sum(self._of_step(step, plan, standing, ahead) for step in Step)
        to_start = self._clock.start if standing.step is not Step.CONFIRMATION else 0.0
        return seconds * self._pace(ahead) + to_start * bool(plan.of(Step.CONFIRMATION).expected)

    def _of_step(self, step: Step, plan: TrialPlan, standing: Standing, ahead: Sequence[Ahead]) -> float:
        """Seconds of a step, with all places in use until its last training."""
        present = ahead if step is standing.step else ()
        seconds = [self._left_of(one, step) for one in present]
        in_plan = Counter({part.arm: part.count.expected for part in plan.within(step)})
        for arm, number in in_plan.items():
            left = number - standing.done[step, arm] - sum(one.arm == arm for one in present)
            seconds += [self._whole(arm, step)] * max(0, left)
        return max(sum(seconds) / self.slots, max(seconds, default=0.0))

    def _left_of(self, one: Ahead, step: Step) -> float:
        """Of a training that is known: as its network took, else as others of its arm."""
        known = one.config_id and self._ledger.speeds.network(
            one.config_id, on_test=step is Step.CONFIRMATION
        )
        whole = known or self._whole(one.arm, step)
        if one.ran is None:
            return whole
        if one.share and one.ran > whole:  # it takes longer than others
            whole = one.ran / one.share
        return max(0.0, whole - one.ran)

    def _whole(self, arm: str, step: Step) -> float:
        """One training of an arm, from its start to its end."""
        arm = SINGLE_TASK if arm == CONTROL else arm
        if (arm, step) not in self._whole_by_arm:
            self._whole_by_arm[arm, step] = self._learned(arm, step)
        return self._whole_by_arm[arm, step]

    def _learned(self, arm: str, step: Step) -> float:
        speeds, typical = self._ledger.speeds, self._typical.of(arm)
        if typical is not None:
            typical = replace(typical, flops=typical.flops * self._larger())
        found = speeds.trial(arm, typical) if step is Step.SEARCH else speeds.whole(arm, typical)
        return found or 0.0

    def _larger(self) -> float:
        """How much larger the networks are that were trained than those drawn at random: a study may come to
        prefer wide ones."""
        trained = drawn = 0.0
        for arm in self._arms:
            number, flops = self._ledger.speeds.flops(arm)
            if number >= FEWEST and (typical := self._typical.of(arm)) is not None:
                trained += flops / number
                drawn += typical.flops
        return trained / drawn if trained and drawn else 1.0

    def _pace(self, ahead: Sequence[Ahead]) -> float:
        """Seconds of the clock for a second of training in all places, by what this run has seen."""
        busy = self._held + sum(one.ran or 0.0 for one in ahead)
        steady = STEADY * self.slots
        pace = (self._clock.working * self.slots + steady) / (busy + steady)
        return min(max(pace, 1.0), SLOWEST)
