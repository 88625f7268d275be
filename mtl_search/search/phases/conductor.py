"""Conductor: the search of one sweep, arm by arm, from the first job to the last outcome."""

import math
import platform
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, final

from optuna.trial import TrialState as OptunaState
from typing_extensions import override

from mtl_search.arm_names import SEARCH, SHARED_EQUAL, SINGLE_TASK, TREES
from mtl_search.data import Dataset
from mtl_search.model import NetworkCosts
from mtl_search.records import EpochReport, MetricKind, Phase, TrialRecord, TrialState
from mtl_search.search.budget.hours import Hours
from mtl_search.search.budget.turns import Running, Turns
from mtl_search.search.designs.incumbents import Incumbents
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.ledger.attempts import add_epoch, given_up, lost_name, was_given_up
from mtl_search.search.ledger.recording import Recorder, Start
from mtl_search.search.studies.arm_study import HOPELESS, ArmStudy, Draft
from mtl_search.search.studies.memory import TOLD, Past, distributions_as_text, recall, trial_prefix
from mtl_search.search.studies.mirror import Mirror
from mtl_search.search.studies.optuna_study import OptunaStudy
from mtl_search.search.studies.strategies import build_strategy
from mtl_search.search.studies.transfer import Transfer
from mtl_search.seeds import derive_seed
from mtl_search.space import Scalar, SearchSpace
from mtl_search.sweep.arms import INFORMED, Arm, arms_of, evidence_for
from mtl_search.sweep.spec import SweepSpec
from mtl_search.training import Score, TrialConfig, TrialOutcome

__all__ = ["Conductor"]


@final
class Conductor(JobSource):
    """Hands out the trials of all arms and records what becomes of them.

    ``single_task`` comes first and the others wait for it, since their gains are relative to its best
    values; after that the next arm starts when an arm has no trial left to hand out. A trial is recorded
    before Optuna is told; a mirror that is lost interrupts. A trial that was lost is recorded as such and
    tried again, without the study or the budget noticing, until there is no retry left and it counts as
    failed. ``slots``: how many trials can run at the same time. ``bfloat16``: whether they have GPUs with it.
    ``in_process``: whether they run in this process; one with which it ended more often than there are
    retries, unasked, counts as failed.
    ``began``: when this process did, from which on a budget of hours is counted.
    """

    def __init__(
        self,
        spec: SweepSpec,
        dataset: Dataset,
        ledger: Ledger,
        mirror: Mirror,
        *,
        slots: int,
        bfloat16: bool = False,
        in_process: bool = False,
        began: float | None = None,
    ) -> None:
        self.spec, self.dataset, self.ledger = spec, dataset, ledger
        self.hours = Hours.of(spec, ledger, dataset.fingerprint, slots, began)
        self.arms = arms_of(spec)
        self.incumbents = Incumbents(spec, ledger)
        self._transfer = Transfer(ledger, spec.settings.all_tasks)
        pasts = recall(ledger.board, ledger.records, ledger.metrics)
        self.studies = [study for arm in self.arms for study in self._open(arm, mirror, pasts)]
        mirror.publish()
        self._mirror = mirror
        self.running: dict[str, Running] = {}
        self._lost: list[Running] = []  # what is to be tried again
        self.hopeless: str | None = None  # why the sweep gave up if it did
        self.note = ""  # why the newest trial was chosen
        self._bfloat16, self._in_process = bfloat16, in_process
        self._retries = spec.settings.resources.retries
        self._turns = Turns(self.studies, self.running, ledger, self.hours)
        self._interrupted = False
        self._recorder = Recorder(spec.settings.name, dataset)
        self._costs = NetworkCosts(dataset.tasks, dataset.input_shape)

    @override
    def next(self) -> Job | Literal["wait", "done"]:
        self._interrupted |= self._mirror.is_lost
        if self._interrupted or self.hopeless is not None:
            return "done"
        if (job := self.restart()) is not None:
            return job
        for first_round, study in self._turns:
            if self._turns.waits(study, first_round):
                return "wait"
            while not self._interrupted and self._turns.has_budget(study, first_round):
                if (job := self._draw(study, first_round)) is not None:
                    return job
        if self.running:
            return "wait"
        self._give_up_if_hopeless(after=1)
        return "done"

    @override
    def report(self, trial_id: str, report: EpochReport) -> bool:
        running = self.running[trial_id]
        add_epoch(running.history, report, running.before)
        self.ledger.board.catch_up()
        self._interrupted |= self._mirror.is_lost
        if self._interrupted:
            return True
        if running.kept or len(running.history) <= running.judged:
            return False
        metrics = self.ledger.metrics
        signed = {task: metrics[task].signed(v) for task, v in report.valid.items() if task in metrics}
        return running.study.optuna.report(running.draft.trial, report, signed)

    @override
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        running = self.running.pop(trial_id)
        running.study.n_running -= 1
        if outcome is None:
            if self._interrupted:  # a resume takes it up
                self.ledger.board.stop(trial_id)
                return
            outcome = self._recorder.pruned(running.job, running.history)
        record = self._recorder.record(
            running.job,
            outcome,
            placement,
            arm=running.study.arm.name,
            phase=Phase.SEARCH,
            cost=running.draft.cost,
            params=running.draft.params,
            started=running.started,
            history=running.history,
        )
        record = replace(record, attempts=(attempts := self.ledger.lost[record.config_id] + 1))
        if record.lost and attempts <= self._retries:
            self.ledger.record(replace(record, trial_id=lost_name(record.trial_id, attempts)))
            self._lost.append(running)
        else:
            self._settle(running, given_up(record, attempts) if record.lost else record)
            self._give_up_if_hopeless(after=HOPELESS)

    @override
    def interrupt(self) -> None:
        self._interrupted = True

    def planned(self, arm: Arm) -> int | None:
        """How many trials there will be of ``arm``; None while nobody knows."""
        return self._turns.planned(arm)

    @property
    def interrupted(self) -> bool:
        """Whether the search was stopped before its end."""
        return self._interrupted

    def _open(self, arm: Arm, mirror: Mirror, pasts: Mapping[str, Past]) -> list[ArmStudy]:
        settings = self.spec.settings
        sampler = settings.sampler.within(arm.trials)
        pruner = settings.pruner.after(INFORMED) if arm.is_reference else settings.pruner
        studies = []
        for name, members in arm.studies.items():
            past = pasts.get(trial_prefix(name), Past())
            board, max_epochs = self.ledger.board, self.spec.max_epochs
            objective = _objective(arm, members, self.ledger.metrics)
            optuna = OptunaStudy(board, mirror, name, sampler, pruner, max_epochs, past, objective)
            strategy = None
            if members is None and isinstance(arm.space, SearchSpace):
                known = self.ledger.affinities if arm.name == SEARCH else ()
                strategy = build_strategy(settings, arm.space, known)
            begun = [
                record
                for record in self.ledger.records
                if record.arm == arm.name and members in (None, record.members)
            ]
            if arm.is_reference and all(record.state != TrialState.COMPLETE for record in begun):
                for record in filter(was_given_up, begun):
                    optuna.try_again(record)
            studies.append(ArmStudy(arm, optuna, members, strategy, settings, self._transfer, begun))
        return studies

    @property
    def _wants_affinities(self) -> bool:
        """Whether the search learns from affinities, and has enough tasks for companions to differ."""
        settings = self.spec.settings
        learned = settings.sampler.grouping == "bayes" and not self.spec.space.members.is_fixed
        return settings.sampler.affinities and learned and len(settings.all_tasks) > 2

    def try_alone(self, task: str, config: TrialConfig, params: Mapping[str, Scalar]) -> Job | None:
        """Train ``config``, a network of ``task`` alone, in that task's study, to its end.

        ``params`` are what was sampled for the network that its hyperparameters come from. None if an
        equal network of another arm answers it.
        """
        study = next(study for study in self.studies if study.optuna.name == f"{SINGLE_TASK}/{task}")
        return self._start(study, study.draft_given(self._costs, config, params), kept=True)

    def restart(self) -> Job | None:
        """A trial that was lost, to be tried again: the same job, under its own name, as if nothing had
        happened. None if there is none."""
        if not self._lost:
            return None
        running = self._lost.pop(0)
        running.judged = max(running.judged, len(running.history))
        running.before = running.history or running.before
        running.history, running.started = [], Start.now()
        self.running[running.job.trial_id] = running
        running.study.n_running += 1
        return running.job

    def _draw(self, study: ArmStudy, first_round: bool) -> Job | None:
        """Draft a trial and start it; None if a known one answers it, or nothing is left to train."""
        busy = [one.job.config.members for one in self.running.values()]
        measured = self.ledger.measurements(evidence_for(study.arm.name))
        draft = study.draft(self._costs, measured, busy, self.ledger.comparable)
        return None if draft is None else self._start(study, draft, first_round=first_round)

    def _start(
        self, study: ArmStudy, draft: Draft, *, first_round: bool = False, kept: bool = False
    ) -> Job | None:
        """Start a trial; None if an equal one was trained before, which answers it."""
        draft = replace(draft, config=draft.config.on(self._bfloat16))
        trial_id = study.optuna.start(draft.trial)
        number = int(trial_id.rsplit("-", 1)[1])
        seed = derive_seed(self.spec.settings.sampler.seed, number)
        references = {} if study.arm.name == SINGLE_TASK else self.ledger.yardsticks
        metrics = {t: m for t, m in self.ledger.metrics.items() if not references or t in references}
        affinities = study.arm.name == SHARED_EQUAL and self._wants_affinities
        job = Job(
            trial_id,
            draft.config,
            seed,
            Score(metrics, references, self.dataset.weights),
            affinities=affinities,
            resample_valid=len(draft.config.members) == 1,
            arm=study.arm.name,
        )
        running = Running(study, draft, job, Start.now(), first_round, kept or study.arm.name == TREES)
        self.note = draft.proposal.why
        known = self.ledger.known(draft.config.identity(self.dataset.fingerprint))
        if known is not None:
            gains, values = self.ledger.gains(known), self.ledger.values(known)
            answer = self._recorder.duplicate(
                job, known, gains, values, arm=study.arm.name, params=draft.params
            )
            self._settle(running, answer)
            study.repeated += 1
            return None
        study.repeated = 0
        if self._in_process and (crashes := study.optuna.crashes(draft.trial)) > self._retries:
            self._settle(running, self._fatal(running, crashes))
            return None
        self.running[trial_id] = running
        study.n_running += 1
        return job

    def _fatal(self, running: Running, crashes: int) -> TrialRecord:
        """The record of a trial that seems to end the process that trains it."""
        often = "once" if crashes == 1 else f"{crashes} times"
        error = f"the sweep's process ended {often} while this trial was running, and nobody had asked it to"
        outcome = TrialOutcome(TrialState.FAILED, 0, None, math.nan, (), error)
        return self._recorder.record(
            running.job,
            outcome,
            Placement(0.0, 0.0, "cpu", platform.node()),
            arm=running.study.arm.name,
            phase=Phase.SEARCH,
            cost=running.draft.cost,
            params=running.draft.params,
            started=running.started,
            history=(),
            attempts=crashes,
        )

    def _settle(self, running: Running, record: TrialRecord) -> None:
        texts = distributions_as_text(running.draft.trial.distributions) if running.draft.exact else {}
        self.ledger.record(replace(record, distributions=texts, beliefs=running.draft.beliefs))
        told = TOLD[record.state] if running.draft.exact else OptunaState.FAIL  # from which no sampler learns
        running.study.tell(running.draft.trial, told, record)

    def _give_up_if_hopeless(self, *, after: int) -> None:
        """Give up if at least ``after`` single-task trials were recorded and all of them failed.

        Nothing can be compared then. Another arm, or the study of one task, that fails gives up alone.
        """
        states, records = self.ledger.states[SINGLE_TASK], self.ledger.records
        if not after <= states["failed"] == states.total():
            return
        everything = all(record.state == TrialState.FAILED for record in records)
        which = f"first {len(records)}" if everything else f"{states['failed']} single-task"
        last = next(r for r in reversed(records) if everything or r.arm == SINGLE_TASK)
        self.hopeless = f"all of the {which} trials failed, the last with: {last.error}"


def _objective(arm: Arm, members: tuple[str, ...] | None, metrics: Mapping[str, MetricKind]) -> str:
    """What the scores of a study are, in words: gains, where there are references to have them over."""
    if arm.name != SINGLE_TASK or members is None:
        return "mean gain on valid (percent)"
    kinds = [metrics[task] for task in members if task in metrics]
    return ", ".join(kind.name if kind.higher_is_better else f"-{kind.name}" for kind in kinds) + " on valid"
