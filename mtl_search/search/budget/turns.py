"""Turns: which study is asked next, and whether it has budget left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from mtl_search.arm_names import APART_ARMS, SEARCH, SINGLE_TASK
from mtl_search.records import EpochReport
from mtl_search.search.budget.hours import Hours
from mtl_search.search.jobs import Job
from mtl_search.search.ledger import Ledger
from mtl_search.search.ledger.recording import Start
from mtl_search.search.studies.arm_study import ArmStudy, Draft
from mtl_search.sweep.arms import Arm

__all__ = ["Running", "Turns"]

SMALL_PART = 0.25  # of the time of another arm: linear networks and trees train fast
LAST_ROUND = 0.25  # share of its hours that a study of one of several tasks has after the first round of all
REPEATED = 50  # trials in a row that were trained before, after which a study has no use for more hours


@dataclass(slots=True)
class Running:
    """A job in training. ``kept``: whatever its epochs look like, it is not stopped."""

    study: ArmStudy
    draft: Draft
    job: Job
    started: Start
    first_round: bool = False
    kept: bool = False
    history: list[EpochReport] = field(default_factory=list)
    judged: int = 0  # epochs after which it was let go on, before it was lost
    before: list[EpochReport] = field(default_factory=list)  # of the attempt that was lost


@final
class Turns:
    """The order of the studies, arm by arm, and what each may still use.

    If tasks have studies of their own, each first has most of its trials, then all have the rest, so that
    the first study learns from the last as well. Under ``hours`` an arm before the search has an even part of
    what it and those after it have left, so that what one of them leaves over, or waiting costs, is all
    theirs.
    """

    def __init__(
        self, studies: Sequence[ArmStudy], running: Mapping[str, Running], ledger: Ledger, hours: Hours | None
    ) -> None:
        self._studies, self._running, self._ledger, self._hours = studies, running, ledger, hours
        self._arms = list({study.arm.name: study.arm for study in studies}.values())

    def __iter__(self) -> Iterator[tuple[bool, ArmStudy]]:
        """The studies as they are asked, with whether that is for their first round."""
        for arm in self._arms:
            studies = [study for study in self._studies if study.arm is arm]
            if len(studies) > 1:
                yield from ((True, study) for study in studies)
            yield from ((False, study) for study in studies)

    def waits(self, study: ArmStudy, first_round: bool) -> bool:
        """Whether a study cannot begin before what is in training has ended.

        Nothing but single tasks does before these are known, and no study its second round before the first
        has ended in all of its arm.
        """
        alone = [one for one in self._running.values() if one.study.arm.name == SINGLE_TASK]
        if study.arm.name != SINGLE_TASK and alone:
            return True
        return (
            not first_round
            and any(one.first_round for one in self._running.values() if one.study.arm is study.arm)
            and self.has_budget(study, False)
        )

    def has_budget(self, study: ArmStudy, first_round: bool) -> bool:
        """Whether a study may have one more trial, in its first round or at all."""
        arm, hours = study.arm, self._hours
        if study.exhausted or study.hopeless:
            return False
        if hours is None:
            trials = study.first_round if first_round else arm.trials
            assert trials is not None
            return study.optuna.n_finished + study.n_running < trials
        if hours.closed or study.repeated >= REPEATED or not hours.has_room(arm.name):
            return False
        expected = self._ledger.timings.trial(arm.name)
        if expected is None:  # no trial has ended, so that nobody knows how many there is time for
            return study.n_running < max(1, hours.slots // len(arm.studies))
        if not study.n_running and not study.optuna.n_finished:
            return True  # without a trial of each there is nothing to compare
        part = self._left(arm) / len(arm.studies) if arm.name == SEARCH else self._part(study)
        if first_round:
            part -= LAST_ROUND * self._whole_part(arm) / len(arm.studies)
        return part >= (1.0 if arm.name == SEARCH else 0.5) * expected

    def planned(self, arm: Arm) -> int | None:
        """How many trials there will be of ``arm``; None while nobody knows."""
        there = self._ledger.states[arm.name].total() + sum(
            one.study.arm is arm for one in self._running.values()
        )
        if self._hours is None:
            assert arm.trials is not None
            return max(there, arm.trials * len(arm.studies))  # more if references have caught up
        if self._hours.closed:
            return there
        if not (expected := self._ledger.timings.trial(arm.name)):
            return None
        if not self._is_open(arm):
            return there
        return there + int(max(0.0, self._left(arm)) / expected)

    def _part(self, study: ArmStudy) -> float:
        """What a study before the search has left, in seconds of a place."""
        return self._whole_part(study.arm) / len(study.arm.studies) - self._used(study)

    def _left(self, arm: Arm) -> float:
        """What an arm has left, in seconds of a place."""
        if arm.name != SEARCH:
            return self._whole_part(arm) - self._of_arm(arm)
        assert self._hours is not None
        searched = self._of_arm(arm)
        others = [one for one in self._arms if one.name != SEARCH]
        waiting = sum(max(0.0, self._left(one)) for one in others if self._is_open(one))
        used = sum(self._of_arm(one) for one in others)
        slots, ahead = self._hours.slots, sum(self._ahead(one) for one in self._running.values())
        left = self._hours.of_search_left(searched / slots, used / slots) * slots
        return left - waiting - ahead

    def _is_open(self, arm: Arm) -> bool:
        """Whether it may still train something."""
        studies = [study for study in self._studies if study.arm is arm]
        return not all(study.exhausted or study.hopeless or study.repeated >= REPEATED for study in studies)

    def _whole_part(self, arm: Arm) -> float:
        """What an arm before the search may use in all, of what is left to it and those after it."""
        assert self._hours is not None
        hours = self._hours
        search = next(one for one in self._arms if one.name == SEARCH)
        later = [one for one in self._arms[self._arms.index(arm) :] if one.name != SEARCH]
        parts = {one.name: SMALL_PART if one.name in APART_ARMS else 1.0 for one in later}
        total = hours.references if arm.is_reference else hours.total
        left = hours.of_others(total, self._of_arm(search) / hours.slots) * hours.slots
        left -= sum(self._ahead(one) for one in self._running.values())
        used = sum(self._of_arm(one) for one in later)
        return (left + used) * parts[arm.name] / sum(parts.values())

    def _of_arm(self, arm: Arm) -> float:
        return sum(self._used(study) for study in self._studies if study.arm is arm)

    def _used(self, study: ArmStudy) -> float:
        """What a study has used, and will have when what it has in training has ended."""
        ended = self._ledger.timings.by_study[study.optuna.trial_prefix]
        return ended + sum(
            one.started.seconds + self._ahead(one) for one in self._running.values() if one.study is study
        )

    def _ahead(self, one: Running) -> float:
        """How long a trial in training is expected to go on."""
        expected = self._ledger.timings.trial(one.study.arm.name) or 0.0
        return max(0.0, expected - one.started.seconds)
