"""Where a running sweep stands, and what its plan is from there on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from mtl_search.arm_names import SINGLE_TASK
from mtl_search.search.forecast.counts import Count, Part, Step, TrialPlan
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.replication import ROUNDS
from mtl_search.sweep.arms import Arm

__all__ = ["Key", "Standing", "trained", "under_way"]

ORDER = {Step.SEARCH: 0, Step.CATCH_UP: 1, Step.REPLICATION: 1, Step.CONFIRMATION: 2}

# What comes after a block of one kind, relative to it, as the committed sweeps had it: of the rounds of a
# replication each had half as many new networks as the one before, of the catch-ups the second a third as
# many as the first. A third catch-up, or a fourth round, had next to nothing.
NEXT_ROUND, NEXT_CATCH_UP, MORE = 0.55, 0.35, 0.1

Key = tuple[Step, str]


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """What was trained by step and arm, and what is known of what comes.

    ``ahead``: in training, or next in the present step for sure. ``searched``: how many trials each arm of
    the search will have in all, if that is known. ``catch_ups`` and ``rounds``: how often the references have
    caught up in this run, and how many rounds of the replication it has begun; ``newest``: how many trainings
    the newest of each had, by step and arm.
    """

    step: Step
    done: Counter[Key]
    ahead: Counter[Key] = field(default_factory=Counter)
    searched: Mapping[str, int | None] = field(default_factory=dict)
    catch_ups: int = 0
    rounds: int = 0
    newest: Counter[Key] = field(default_factory=Counter)

    def count(self, step: Step, arm: str, planned: Count) -> Count:
        """How many trainings there will be of an arm in a step, of which so many were ``planned``."""
        there = self.done[step, arm] + self.ahead[step, arm]
        if step is Step.SEARCH and self.step is Step.SEARCH:
            return Count.exactly(max(there, self.searched.get(arm) or 0))
        if ORDER[step] < ORDER[self.step] or self.step is Step.CONFIRMATION:
            return Count.exactly(there)
        last = self.newest[step, arm]
        if step is Step.CATCH_UP and self.catch_ups:
            later = last * (NEXT_CATCH_UP if self.catch_ups == 1 else MORE)
            return Count(there, there + round(later), there + last)
        if step is Step.REPLICATION and self.rounds:
            later = last * sum(NEXT_ROUND**number for number in range(1, 1 + max(0, ROUNDS - self.rounds)))
            return Count(there, there + round(later or last * MORE), there + max(last, round(later)))
        return Count(*(max(there, number) for number in (planned.low, planned.expected, planned.high)))


def trained(ledger: Ledger, arms: Sequence[Arm]) -> Counter[Key]:
    """How many trials each step has ended, in all runs."""
    found = Counter({(Step.SEARCH, arm): states.total() for arm, states in ledger.states.items()})
    if caught_up := _caught_up(ledger, arms):
        found[Step.SEARCH, SINGLE_TASK] -= caught_up
        found[Step.CATCH_UP, SINGLE_TASK] = caught_up
    for phase, numbers in ledger.replicates.by_arm.items():
        found.update({(Step(phase.value), arm): number for arm, number in numbers.items()})
    return found


def _caught_up(ledger: Ledger, arms: Sequence[Arm]) -> int:
    """How many trials of ``single_task`` are beyond its budget; under hours, came after the search had
    begun."""
    arm = next(arm for arm in arms if arm.name == SINGLE_TASK)
    if arm.trials is not None:
        return max(0, ledger.states[SINGLE_TASK].total() - arm.trials * len(arm.studies))
    return ledger.caught_up


def under_way(plan: TrialPlan, standing: Standing) -> TrialPlan:
    """``plan``, by all that is known while the sweep runs."""
    planned = {(part.step, part.arm): part.count for part in plan.parts}
    known = [*planned, *standing.done, *standing.ahead, *((Step.SEARCH, arm) for arm in standing.searched)]
    nothing = Count.exactly(0)
    found = [
        Part(step, arm, standing.count(step, arm, planned.get((step, arm), nothing)))
        for step, arm in dict.fromkeys(known)
    ]
    return TrialPlan(tuple(part for part in found if part.count.high))
