"""Confirmation: the best designs' networks trained again on new seeds, the only time test is read."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from mtl_search.data import Dataset
from mtl_search.records import EpochReport, Phase, TrialRecord
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.recording import Recorder
from mtl_search.search.settings import Settings
from mtl_search.training import NetworkCost, Score, TrialConfig, TrialOutcome

__all__ = ["Confirmation", "confirmation_seeds"]


@dataclass(slots=True)
class Again:
    """A network that is being trained again."""

    network: TrialRecord
    job: Job
    started: datetime
    history: list[EpochReport] = field(default_factory=list)


class Confirmation(JobSource):
    """Trains each of ``networks`` (records of the search) once on each of the confirmation's seeds.

    Seed by seed, so that an interrupted confirmation has whole seeds. What was trained before is not trained
    again. All arms get the same seeds, and a network that several designs share is trained once per seed.
    """

    def __init__(
        self, settings: Settings, dataset: Dataset, ledger: Ledger, networks: Iterable[TrialRecord]
    ) -> None:
        self._ledger, self._recorder = ledger, Recorder(settings.name, dataset)
        unique = {record.config_id: record for record in networks}
        done = {(r.config_id, r.seed) for r in ledger.board.records() if r.phase == Phase.CONFIRMATION}
        self.planned = len(unique) * settings.budget.seeds
        self._queue = [
            (record, seed)
            for seed in confirmation_seeds(settings)
            for record in unique.values()
            if (record.config_id, seed) not in done
        ]
        self._live: dict[str, Again] = {}
        self._interrupted = False
        self.failed = 0
        self._changed: Callable[[], None] = lambda: None

    @property
    def done(self) -> int:
        """How many trainings there are, of those planned."""
        return self.planned - len(self._queue) - len(self._live)

    @property
    def running(self) -> int:
        """How many are in training."""
        return len(self._live)

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before its end."""
        return self._interrupted

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever a training has started or ended."""
        self._changed = listener

    def next(self) -> Job | Literal["wait", "done"]:
        """The next network and seed."""
        if self._interrupted or not self._queue:
            return "done"
        network, seed = self._queue.pop(0)
        config = TrialConfig.model_validate_json(network.config)
        metrics = {t: m for t, m in self._ledger.metrics.items() if t in self._ledger.references}
        score = Score(metrics, self._ledger.references)
        job = Job(f"confirmation-{network.config_id}-{seed}", config, seed, score, read_test=True)
        self._live[job.trial_id] = Again(network, job, datetime.now(UTC))
        self._changed()
        return job

    def report(self, trial_id: str, report: EpochReport) -> bool:
        """Take note of an epoch; nothing is pruned here."""
        self._live[trial_id].history.append(report)
        return self._interrupted

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        """Record the outcome; a training that was interrupted starts anew at the next resume."""
        again = self._live.pop(trial_id)
        if outcome is None:
            return
        record = self._recorder.record(
            again.job,
            outcome,
            placement,
            arm=again.network.arm,
            phase=Phase.CONFIRMATION,
            cost=NetworkCost(again.network.n_params, again.network.flops),
            params={},
            started=again.started,
            history=again.history,
        )
        self.failed += record.error is not None
        self._ledger.board.record(record)
        self._changed()

    def interrupt(self) -> None:
        """Hand out nothing more and stop what is running."""
        self._interrupted = True


def confirmation_seeds(settings: Settings) -> Sequence[int]:
    """``budget.seeds`` seeds that no trial of the search had a reason to be good on."""
    return [
        zlib.crc32(f"{settings.sampler.seed}/confirmation/{index}".encode())
        for index in range(settings.budget.seeds)
    ]
