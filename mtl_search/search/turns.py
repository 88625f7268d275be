"""Turns: which study is asked next, and whether it has budget left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mtl_search.records import EpochReport
from mtl_search.search.arms import LINEAR, SEARCH, SINGLE_TASK, Arm
from mtl_search.search.jobs import Job
from mtl_search.search.ledger import Ledger
from mtl_search.search.settings import Budget
from mtl_search.search.study_run import Draft, StudyRun

__all__ = ["Live", "Turns"]

LINEAR_PART = 0.25  # of the hours of another arm, since linear networks train fast
LAST_ROUND = 0.25  # share of its hours that a study of one of several tasks has after the first round of all
REPEATED = 50  # trials in a row that were trained before, after which a study has no use for more hours


@dataclass(slots=True)
class Live:
    """A job in training. ``kept``: whatever its epochs look like, it is not stopped."""

    run: StudyRun
    draft: Draft
    job: Job
    started: datetime
    first_round: bool = False
    kept: bool = False
    history: list[EpochReport] = field(default_factory=list)
    judged: int = 0  # epochs after which it was let go on, before it was lost


class Turns:
    """The order of the studies, arm by arm, and what each may still use.

    Where tasks have studies of their own, each first has most of its trials, then all have the rest, so that
    the first study learns from the last as well. ``slots``: how many trials can run at the same time.
    """

    def __init__(self, budget: Budget, runs: Sequence[StudyRun], ledger: Ledger, slots: int) -> None:
        self._budget, self._runs, self._ledger, self._slots = budget, runs, ledger, slots
        self._arms = list({run.arm.name: run.arm for run in runs}.values())

    def __iter__(self) -> Iterator[tuple[bool, StudyRun]]:
        """The studies as they are asked, with whether that is for their first round."""
        for arm in self._arms:
            runs = [run for run in self._runs if run.arm is arm]
            if len(runs) > 1:
                yield from ((True, run) for run in runs)
            yield from ((False, run) for run in runs)

    def waits(self, run: StudyRun, first_round: bool, live: Mapping[str, Live]) -> bool:
        """Whether a study cannot begin before what is in training has ended.

        Nothing but single tasks does before these are known, and no study its second round before the first
        has ended in all of its arm.
        """
        alone = [one for one in live.values() if one.run.arm.name == SINGLE_TASK]
        if run.arm.name != SINGLE_TASK and alone:
            return True
        return (
            not first_round
            and any(one.first_round for one in live.values() if one.run.arm is run.arm)
            and self.has_budget(run, False, live)
        )

    def _share(self, arm: Arm) -> float:
        """Of the hours: half for the search, the rest even between the others, less for linear networks."""
        if arm.name == SEARCH:
            return 0.5
        parts = {one.name: LINEAR_PART if one.name == LINEAR else 1.0 for one in self._arms}
        return 0.5 * parts[arm.name] / (sum(parts.values()) - parts[SEARCH])

    def has_budget(self, run: StudyRun, first_round: bool, live: Mapping[str, Live]) -> bool:
        """Whether a study may have one more trial, in its first round or at all."""
        arm = run.arm
        if run.exhausted or run.hopeless:
            return False
        if arm.trials is not None:
            trials = run.first_round if first_round else arm.trials
            assert trials is not None
            return run.study.n_finished + run.live < trials
        hours = self._budget.hours
        assert hours is not None
        if run.repeated >= REPEATED:
            return False
        share = hours * 3600 * self._slots * self._share(arm) / len(arm.studies)
        share *= 1 - LAST_ROUND if first_round else 1
        now = datetime.now(UTC)
        spent = self._ledger.slot_seconds[run.study.trial_prefix] + sum(
            (now - one.started).total_seconds() for one in live.values() if one.run is run
        )
        return spent < share
