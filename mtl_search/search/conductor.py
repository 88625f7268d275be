"""Conductor: the search of one sweep, arm by arm, from the first job to the last trial told."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from optuna.trial import TrialState as OptunaState

from mtl_search.data import Dataset
from mtl_search.model import NetworkCosts
from mtl_search.records import EpochReport, Phase, TrialRecord, TrialState
from mtl_search.search.arms import INFORMED, SEARCH, SHARED_EQUAL, SINGLE_TASK, Arm, arms_of, evidence_for
from mtl_search.search.attempts import LOST, lost_name
from mtl_search.search.incumbents import Incumbents
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.recording import Recorder
from mtl_search.search.strategies import build_strategy
from mtl_search.search.studies import Journal, JournalledStudy
from mtl_search.search.study_run import Draft, StudyRun
from mtl_search.search.sweep import SweepSpec
from mtl_search.search.transfer import Transfer
from mtl_search.training import Score, TrialOutcome

__all__ = ["Conductor"]

HOPELESS = 10  # trials that failed with none that succeeded, after which a sweep gives up
LAST_ROUND = 0.25  # share of its hours that a study of one of several tasks has after the first round of all
REPEATED = 50  # trials in a row that were trained before, after which a study has no use for more hours

TOLD = {
    TrialState.COMPLETE: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
}


@dataclass(slots=True)
class Live:
    """A job in training."""

    run: StudyRun
    draft: Draft
    job: Job
    started: datetime
    first_round: bool = False
    history: list[EpochReport] = field(default_factory=list)
    judged: int = 0  # epochs after which it was let go on, before it was lost


class Conductor(JobSource):
    """Hands out the trials of all arms and records what becomes of them.

    ``single_task`` comes first and the others wait for it, since their gains are relative to its best
    values; after that the next arm starts when an arm has no trial left to hand out. A trial is recorded
    before it is told. One that was lost is recorded as such and tried again, without the study or the budget
    knowing of it, until it was lost ``LOST`` times and counts as failed. ``slots``: how many trials can run
    at the same time.
    """

    def __init__(
        self,
        spec: SweepSpec,
        dataset: Dataset,
        ledger: Ledger,
        journal: Journal,
        *,
        slots: int,
    ) -> None:
        self.spec, self.dataset, self.ledger = spec, dataset, ledger
        self.arms = arms_of(spec)
        self.incumbents = Incumbents(spec, ledger)
        self._transfer = Transfer(ledger, spec.settings.all_tasks)
        self.runs = [run for arm in self.arms for run in self._open(arm, journal)]
        self.live: dict[str, Live] = {}
        self._lost: list[Live] = []  # what is to be tried again
        self.hopeless: str | None = None  # why the sweep gave up, where it did
        self.note = ""  # why the newest trial was chosen
        self._slots, self._interrupted = slots, False
        self._changed: Callable[[], None] = lambda: None
        self._recorder = Recorder(spec.settings.name, dataset)
        self._costs = NetworkCosts(dataset.tasks, dataset.input_shape)

    def next(self) -> Job | Literal["wait", "done"]:
        """A job of the first arm that has one left."""
        if self._interrupted or self.hopeless is not None:
            return "done"
        if self._lost:
            return self._restart(self._lost.pop(0))
        for first_round, run in self._turns():
            if self._waits(run, first_round):
                return "wait"
            while not self._interrupted and self._has_budget(run, first_round=first_round):
                if (job := self._start(run, first_round)) is not None:
                    return job
        if self.live:
            return "wait"
        self._give_up_if_hopeless(after=1)
        return "done"

    def report(self, trial_id: str, report: EpochReport) -> bool:
        """Take note of an epoch; stop where the pruner says so, or everything stops."""
        live = self.live[trial_id]
        live.history.append(report)
        self.ledger.board.catch_up()
        if self._interrupted:
            return True
        if len(live.history) <= live.judged:
            return False
        metrics = self.ledger.metrics
        signed = {task: metrics[task].signed(v) for task, v in report.valid.items() if task in metrics}
        return live.run.study.report(live.draft.trial, report, signed)

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        """Record the outcome, then tell the study. An interrupted trial is neither: a resume takes it up."""
        live = self.live.pop(trial_id)
        live.run.live -= 1
        if outcome is None:
            if self._interrupted:
                return
            outcome = self._recorder.pruned(live.job, live.history)
        record = self._recorder.record(
            live.job,
            outcome,
            placement,
            arm=live.run.arm.name,
            phase=Phase.SEARCH,
            cost=live.draft.cost,
            params=live.draft.trial.params,
            started=live.started,
            history=live.history,
        )
        losses = self.ledger.lost[record.config_id] + 1
        if record.lost and losses < LOST:
            self.ledger.record(replace(record, trial_id=lost_name(record.trial_id, losses)))
            self._lost.append(live)
        else:
            self._settle(live, record)
            self._give_up_if_hopeless(after=HOPELESS)
        self._changed()

    def interrupt(self) -> None:
        """Hand out nothing more and stop what is running."""
        self._interrupted = True

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever a trial has started or ended."""
        self._changed = listener

    @property
    def interrupted(self) -> bool:
        """Whether the search was stopped before its end."""
        return self._interrupted

    def _open(self, arm: Arm, journal: Journal) -> list[StudyRun]:
        settings = self.spec.settings
        sampler = settings.sampler.within(arm.trials)
        pruner = settings.pruner.after(INFORMED) if arm.is_reference else settings.pruner
        runs = []
        for name, members in arm.studies.items():
            study = JournalledStudy(journal, name, sampler, pruner, self.spec.max_epochs, self._told)
            strategy = None
            if members is None:
                known = self.ledger.affinities if arm.name == SEARCH else ()
                strategy = build_strategy(settings, arm.space, known)
            begun = [
                record
                for record in self.ledger.records
                if record.arm == arm.name and members in (None, record.members)
            ]
            runs.append(StudyRun(arm, study, members, strategy, settings, self._transfer, begun))
        return runs

    @property
    def _wants_affinities(self) -> bool:
        """Whether the search has a composer, and enough tasks for it to tell companions apart."""
        settings = self.spec.settings
        composed = settings.sampler.members == "composed" and not self.spec.space.members.is_fixed
        return settings.sampler.affinities and composed and len(settings.all_tasks) > 2

    def _told(self, trial_id: str) -> tuple[OptunaState, float] | None:
        record = self.ledger.find(trial_id)
        return None if record is None else (TOLD[record.state], record.score)

    def _turns(self) -> Iterator[tuple[bool, StudyRun]]:
        """The studies in the order they are asked, with whether that is for their first round.

        Where tasks have studies of their own, each first has most of its trials, then all have the rest, so
        that the first study learns from the last as well.
        """
        for arm in self.arms:
            runs = [run for run in self.runs if run.arm is arm]
            if len(runs) > 1:
                yield from ((True, run) for run in runs)
            yield from ((False, run) for run in runs)

    def _waits(self, run: StudyRun, first_round: bool) -> bool:
        """Whether a study cannot begin before what is in training has ended.

        Nothing but single tasks does before these are known, and none of them its second round before the
        first has ended everywhere.
        """
        alone = [live for live in self.live.values() if live.run.arm.name == SINGLE_TASK]
        if run.arm.name != SINGLE_TASK:
            return bool(alone)
        return not first_round and self._has_budget(run) and any(live.first_round for live in alone)

    def _has_budget(self, run: StudyRun, *, first_round: bool = False) -> bool:
        arm = run.arm
        if run.exhausted:
            return False
        if arm.trials is not None:
            trials = run.first_round if first_round else arm.trials
            assert trials is not None
            return run.study.n_finished + run.live < trials
        hours = self.spec.settings.budget.hours
        assert hours is not None
        if run.repeated >= REPEATED:
            return False
        share = hours * 3600 * self._slots / len(self.arms) / len(arm.studies)
        share *= 1 - LAST_ROUND if first_round else 1
        now = datetime.now(UTC)
        spent = self.ledger.slot_seconds[run.study.trial_prefix] + sum(
            (now - live.started).total_seconds() for live in self.live.values() if live.run is run
        )
        return spent < share

    def _start(self, run: StudyRun, first_round: bool) -> Job | None:
        """Draft a trial and start it; None where an equal one was trained before, which answers it, or where
        the study has nothing left to train."""
        running = [live.job.config.members for live in self.live.values()]
        draft = run.draft(self._costs, self.ledger.measurements(evidence_for(run.arm.name)), running)
        if draft is None:
            return None
        trial_id = run.study.start(draft.trial)
        number = int(trial_id.rsplit("-", 1)[1])
        seed = zlib.crc32(f"{self.spec.settings.sampler.seed}/{number}".encode())
        references = {} if run.arm.name == SINGLE_TASK else dict(self.ledger.references)
        metrics = {t: m for t, m in self.ledger.metrics.items() if not references or t in references}
        affinities = run.arm.name == SHARED_EQUAL and self._wants_affinities
        job = Job(
            trial_id,
            draft.config,
            seed,
            Score(metrics, references),
            affinities=affinities,
            resample_valid=run.arm.name == SINGLE_TASK,
        )
        live = Live(run, draft, job, datetime.now(UTC), first_round)
        self.note = draft.reason
        known = self.ledger.known(draft.config.identity(self.dataset.fingerprint))
        if known is not None:
            gains, values = self.ledger.gains(known), self.ledger.values(known)
            params = draft.trial.params
            answer = self._recorder.duplicate(job, known, gains, values, arm=run.arm.name, params=params)
            self._settle(live, answer)
            run.repeated += 1
            return None
        run.repeated = 0
        self.live[trial_id] = live
        run.live += 1
        self._changed()
        return job

    def _restart(self, live: Live) -> Job:
        """Try a trial again that was lost: the same job, under its own name, as if nothing had happened."""
        live.judged = max(live.judged, len(live.history))
        live.history, live.started = [], datetime.now(UTC)
        self.live[live.job.trial_id] = live
        live.run.live += 1
        self._changed()
        return live.job

    def _settle(self, live: Live, record: TrialRecord) -> None:
        self.ledger.record(record)
        live.run.study.tell(live.draft.trial, TOLD[record.state], record.score)

    def _give_up_if_hopeless(self, *, after: int) -> None:
        """Give up where at least ``after`` trials were recorded and all of them failed."""
        records = self.ledger.records
        failed = sum(states["failed"] for states in self.ledger.states.values())
        if after <= failed == len(records):
            self.hopeless = f"all of the first {failed} trials failed, the last with: {records[-1].error}"
