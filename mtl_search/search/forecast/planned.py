"""Planned trials: how many trainings a sweep will take, before anything is known of its results.

The search is a budget, and exact. What follows depends on which designs turn out best. Its bounds follow from
the sizes of designs; what lies between is expected as the committed sweeps had it (SUPPORT2 with five tasks
and up to three networks, QM9 with twelve and four), which the numbers below are read from.
"""

from dataclasses import dataclass
from typing import Self, final

from mtl_search.arm_names import ALONE_ARMS, CONTROL, SEARCH, SINGLE_TASK, TREES
from mtl_search.search.forecast.counts import Count, Part, Step, TrialPlan
from mtl_search.sweep.arms import Arm, arms_of
from mtl_search.sweep.spec import SweepSpec

__all__ = ["planned_trials"]

TRIED_PART = 0.85  # of the pairs of a network and a task that promising designs have: untried alone
CAUGHT_UP = 2.4  # networks replicated for each task trained alone; those of other arms of single tasks:
ALONE = 2.0
SHARED_PART = 0.8  # of the networks in an arm's designs of one, two, ... networks: different ones replicated
SEARCH_PART = 1.1  # the same of the search, with those that designs of all arms have besides
FURTHER_PART = 0.2  # of a further finalist's networks: not in one before
CONTROL_PART = 0.8  # of the controls' networks: not among the references


def planned_trials(spec: SweepSpec) -> TrialPlan:
    """How many trials each step and arm of a new sweep will train; `under_way` corrects it while one runs.

    Under a budget of hours nobody knows what the search will train: it is not in the plan, and all that
    follows is what would be trained if there were time. A trial that an equal one answers counts as well.
    What a resume trains only to keep its networks is found, and counted, when its confirmation begins.
    """
    size = _Size.of(spec)
    return TrialPlan((*_searched(size), *_caught_up(size), *_replicated(size), *_confirmed(size)))


@final
@dataclass(frozen=True, slots=True)
class _Size:
    """What the numbers follow from: ``tasks`` that count, and ``networks`` at most in a design."""

    spec: SweepSpec
    arms: tuple[Arm, ...]
    tasks: int
    networks: int

    @classmethod
    def of(cls, spec: SweepSpec) -> Self:
        n = len(spec.settings.main_tasks)
        return cls(spec, arms_of(spec), n, min(spec.settings.objective.max_networks or n, n))

    @property
    def alone(self) -> list[Arm]:
        """The reference arms that train each task by itself."""
        return [arm for arm in self.arms if arm.name in ALONE_ARMS]

    @property
    def shared(self) -> list[Arm]:
        """The reference arms that train all tasks in one network, which the search compares with."""
        return [arm for arm in self.arms if arm.is_reference and arm.name not in ALONE_ARMS]

    @property
    def composed(self) -> list[Arm]:
        """The search and the user's own arms."""
        return [arm for arm in self.arms if not arm.is_reference]

    @property
    def of_designs(self) -> int:
        """Networks of an arm's promising designs at most: with one, two, ... networks, or within a size."""
        if self.spec.settings.objective.max_networks is None:
            return self.networks
        return self.networks * (self.networks + 1) // 2


def _searched(size: _Size) -> list[Part]:
    return [
        Part(Step.SEARCH, arm.name, Count.exactly(arm.trials * len(arm.studies)))
        for arm in size.arms
        if arm.trials is not None
    ]


def _caught_up(size: _Size) -> list[Part]:
    """Each network of a promising design, alone for each task that it serves there, within the bound."""
    if not size.spec.settings.references.catch_up:
        return []
    designs = size.networks if size.spec.settings.objective.max_networks else 1
    arms = len(size.shared) + len(size.composed) + 0.5  # designs of all arms have few pairs of their own
    pairs = size.tasks * (1 + (designs - 1) / 2) * arms * TRIED_PART
    alone = next(arm for arm in size.arms if arm.name == SINGLE_TASK)
    bound = pairs * 2 if alone.trials is None else alone.trials * size.tasks
    return [Part(Step.CATCH_UP, SINGLE_TASK, Count.about(0, min(pairs, bound), bound + size.tasks))]


def _replicated(size: _Size) -> list[Part]:
    """The networks of each arm's promising designs, on each seed."""
    found = []
    for arm in size.alone:
        if arm.name == TREES:  # whose seeds differ little
            continue
        most = 4 if arm.trials is None else min(4, arm.trials)
        expected = CAUGHT_UP if arm.name == SINGLE_TASK else ALONE
        n = size.tasks
        found.append((arm.name, Count.about(n, min(expected, most) * n, most * n)))
    for arm in (*size.shared, *size.composed):
        part = SEARCH_PART if arm.name == SEARCH else SHARED_PART
        most = 2 * size.of_designs if arm.trials is None else min(2 * size.of_designs, arm.trials)
        found.append((arm.name, Count.about(1, min(part * size.of_designs, most), most)))
    seeds = size.spec.settings.budget.repeats
    return [Part(Step.REPLICATION, arm, count * seeds) for arm, count in found if seeds]


def _confirmed(size: _Size) -> list[Part]:
    """References, finalists and controls, on each seed."""
    budget, n, networks = size.spec.settings.budget, size.tasks, size.networks
    if not budget.confirms:
        return []
    found = [(arm.name, Count.exactly(n)) for arm in size.alone]
    found += [(arm.name, Count.about(1, 1, 2)) for arm in size.shared]
    designs = max(budget.finalists, len(size.composed))
    further = FURTHER_PART * (designs - 1)
    found.append((SEARCH, Count.about(1, networks * (1 + further), networks * designs)))
    controlled = designs if budget.controls == "finalists" else 1
    expected = CONTROL_PART * n * (1 + FURTHER_PART * (controlled - 1))
    found.append((CONTROL, Count.about(0, expected, n * controlled)))
    return [Part(Step.CONFIRMATION, arm, count * budget.seeds) for arm, count in found]
