"""Retraining: networks of the search trained again on new seeds."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.records import EpochReport, Phase
from mtl_search.search.designs.plans import NetworkPlan, PlannedTraining
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.ledger.attempts import add_epoch, attempt_name, may_train
from mtl_search.search.ledger.recording import Recorder, Start
from mtl_search.sweep.settings import Settings
from mtl_search.training import NetworkCost, Score, TrialOutcome, read_config

__all__ = ["Retraining"]


@dataclass(slots=True)
class InTraining:
    """A network in training."""

    network: NetworkPlan
    job: Job
    started: Start
    history: list[EpochReport] = field(default_factory=list)


class Retraining(JobSource):
    """Trains networks once on each of some new seeds and records what comes out, as trials of its phase.

    All arms get the same seeds; a network that several designs share is trained once per seed, and what was
    recorded before an interruption is not trained again, unless it failed (see `may_train`).
    """

    phase: ClassVar[Phase]
    purpose: ClassVar[str]
    """In the live view: why these networks."""
    reads_test: ClassVar[bool] = False
    resamples_valid: ClassVar[bool] = False

    def __init__(self, settings: Settings, dataset: Dataset, ledger: Ledger) -> None:
        self.ledger, self.failed, self.done = ledger, 0, 0
        self.interrupted = False
        self.reading: int | None = None  # of test, and the hash of what it is to train
        self.reading_plan: str | None = None
        self._recorder = Recorder(settings.name, dataset)
        self._weights, self._retries = dataset.weights, settings.resources.retries
        self._queue: list[PlannedTraining] = []
        self._live: dict[str, InTraining] = {}
        self._tried: Counter[tuple[str, int]] = Counter()  # trainings that ended in this run
        self._before: dict[tuple[str, int], list[EpochReport]] = {}  # of attempts that were lost
        self.rounds = 0  # in which something was asked for, by this run
        self.newest: Counter[str] = Counter()  # trainings of the newest of them, by arm

    @abstractmethod
    def more(self) -> list[PlannedTraining]:
        """What to train next, asked when nothing is in training; empty at the end."""

    def fits(self, network: NetworkPlan, seed: int) -> bool:
        """Whether there is time for this training; if not, the rest of what was asked for is left out."""
        return True

    def lacks(self, network: NetworkPlan, seed: int) -> bool:
        """Whether ``network`` is still to be trained on ``seed``."""
        attempts = self.ledger.replicates.attempts(self.phase, network.config_id, seed)
        return may_train(attempts, self._tried[network.config_id, seed], self._retries)

    @property
    def planned(self) -> int:
        """How many trainings are done, in training or next."""
        return self.done + len(self._live) + len(self._queue)

    @property
    def running(self) -> Collection[InTraining]:
        """What is in training."""
        return self._live.values()

    @property
    def queued(self) -> Sequence[PlannedTraining]:
        """What is next."""
        return self._queue

    @override
    def next(self) -> Job | Literal["wait", "done"]:
        if self.interrupted:
            return "done"
        if not self._queue and not self._live:
            self._queue = self.more()
            self.rounds += bool(self._queue)
            self.newest = Counter(network.arm for network, _ in self._queue) or self.newest
        if self._queue and not self.fits(*self._queue[0]):
            self._queue.clear()
        if not self._queue:
            return "wait" if self._live else "done"
        network, seed = self._queue.pop(0)
        job = self.job(network, seed)
        self._live[job.trial_id] = InTraining(network, job, Start.now())
        return job

    def job(self, network: NetworkPlan, seed: int) -> Job:
        """The next attempt at training ``network`` on ``seed``."""
        config = read_config(network.config)
        metrics = {t: m for t, m in self.ledger.metrics.items() if t in self.ledger.references}
        score = Score(metrics, self.ledger.yardsticks, self._weights)
        attempts = self.ledger.replicates.attempts(self.phase, network.config_id, seed)
        trial_id = attempt_name(f"{self.phase.value}-{network.config_id}-{seed}", len(attempts) + 1)
        return Job(
            trial_id,
            config,
            seed,
            score,
            read_test=self.reads_test,
            resample_valid=self.resamples_valid,
            arm=network.arm,
        )

    @override
    def report(self, trial_id: str, report: EpochReport) -> bool:
        live = self._live[trial_id]
        add_epoch(live.history, report, self._before.get((live.network.config_id, live.job.seed), ()))
        self.ledger.board.catch_up()
        return self.interrupted

    @override
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        again = self.end(trial_id, outcome)
        if outcome is None:
            return
        before = self.ledger.replicates.attempts(self.phase, again.network.config_id, again.job.seed)
        record = self._recorder.record(
            again.job,
            outcome,
            placement,
            arm=again.network.arm,
            phase=self.phase,
            cost=NetworkCost(again.network.n_params, again.network.flops),
            params={},
            started=again.started,
            history=again.history,
            attempts=len(before) + 1,
        )
        if record.lost and again.history:
            self._before[again.network.config_id, again.job.seed] = again.history
        self.failed += record.error is not None
        self.ledger.record(
            replace(
                record,
                config_id=again.network.config_id,  # by which it is found again
                reading=self.reading,
                reading_plan=self.reading_plan,
            )
        )

    def end(self, trial_id: str, outcome: TrialOutcome | None) -> InTraining:
        """Count a training as ended, unless it was interrupted."""
        again = self._live.pop(trial_id)
        if outcome is not None:
            self._tried[again.network.config_id, again.job.seed] += 1
            self.done += 1
        return again

    @override
    def interrupt(self) -> None:
        self.interrupted = True
