"""From a job and its outcome to the record that the leaderboard keeps."""

import json
import math
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Self, final

from mtl_search.data import Dataset
from mtl_search.records import EpochReport, Metric, Phase, Role, Split, TrialRecord, TrialState, mean_gain
from mtl_search.search.jobs import Job, Placement
from mtl_search.training import NetworkCost, TrialOutcome

__all__ = ["Recorder", "Start"]

PACKAGES = ("mtl_search", "torch", "torchjd", "torchmetrics", "optuna", "ray", "numpy", "pyarrow")


@dataclass(frozen=True, slots=True)
class Start:
    """A moment on the calendar (``at``) and on the clock that only ever goes on (``tick``).

    A calendar is set back and forth, and budgets of time are shared by how long trials took: so an end is the
    start and what the steady clock says has passed.
    """

    at: datetime
    tick: float

    @classmethod
    def now(cls) -> Self:
        """This moment."""
        return cls(datetime.now(UTC), time.monotonic())

    @property
    def seconds(self) -> float:
        """How long ago it is."""
        return time.monotonic() - self.tick

    @property
    def end(self) -> datetime:
        """Now, as the calendar would have it that was right at the start."""
        return self.at + timedelta(seconds=self.seconds)


@final
class Recorder:
    """Makes the records of one sweep's trials; ``dataset`` is what they are trained on."""

    def __init__(self, sweep: str, dataset: Dataset) -> None:
        self._sweep, self._dataset, self._versions = sweep, dataset, versions()
        self._metrics = {name: task.metric for name, task in dataset.tasks.items() if task.role is Role.MAIN}

    def record(
        self,
        job: Job,
        outcome: TrialOutcome,
        placement: Placement,
        *,
        arm: str,
        phase: Phase,
        cost: NetworkCost,
        params: Mapping[str, object],
        started: Start,
        history: Sequence[EpochReport],
        attempts: int = 1,
    ) -> TrialRecord:
        """The record of a trial that ends now. A score that is no number makes it a failed one."""
        sound = math.isfinite(outcome.score)
        config = job.config
        return TrialRecord(
            sweep=self._sweep,
            arm=arm,
            phase=phase,
            trial_id=job.trial_id,
            config_id=config.identity(self._dataset.fingerprint),
            seed=job.seed,
            state=outcome.state if sound else TrialState.FAILED,
            error=outcome.error or (None if sound else "no score: a metric is not a number"),
            members=config.members,
            sharing=str(config.sharing),
            weighting=config.weighting.name,
            params=as_text(params),
            config=config.model_dump_json(),
            data=self._dataset.fingerprint,
            score=outcome.score,
            mean_gain=self._mean_gain(outcome.metrics),
            n_params=cost.n_params,
            flops=cost.flops,
            epochs=outcome.epochs,
            best_epoch=outcome.best_epoch,
            train_seconds=sum(report.seconds for report in history),
            device_seconds=placement.seconds * placement.units,
            device=placement.device,
            node=placement.node,
            peak_memory=placement.peak_memory,
            utilisation=placement.utilisation,
            attempts=attempts,
            started=started.at,
            finished=started.end,
            versions=self._versions,
            metrics=outcome.metrics,
            history=tuple(history),
            resamples=outcome.resamples,
            gates=outcome.gates,
            affinities=outcome.affinities,
            lost=outcome.lost,
        )

    def pruned(self, job: Job, history: Sequence[EpochReport]) -> TrialOutcome:
        """What is known of a trial stopped early: the default metrics of its best epoch."""
        best = max(history, key=lambda report: (math.isfinite(report.score), report.score))
        gains = job.score.gains(best.valid)
        metrics = tuple(
            Metric(task, Split.VALID, self._dataset.tasks[task].metric.name, value, gains.get(task, math.nan))
            for task, value in best.valid.items()
        )
        return TrialOutcome(TrialState.PRUNED, len(history), best.epoch, best.score, metrics)

    def duplicate(
        self,
        job: Job,
        known: TrialRecord,
        gains: Mapping[str, float],
        values: Mapping[str, float],
        *,
        arm: str,
        params: Mapping[str, object],
    ) -> TrialRecord:
        """The record of a trial that ``known``, of an equal configuration, answers; it took no time."""
        now = datetime.now(UTC)
        return replace(
            known,
            arm=arm,
            trial_id=job.trial_id,
            params=as_text(params),
            score=job.score(values),
            mean_gain=mean_gain(gains, self._dataset.weights),
            train_seconds=0.0,
            device_seconds=0.0,
            peak_memory=math.nan,
            utilisation=math.nan,
            attempts=0,
            started=now,
            finished=now,
            duplicate_of=known.trial_id,
            history=(),
            affinities={},
        )

    def _mean_gain(self, metrics: Sequence[Metric]) -> float:
        return mean_gain(
            {
                metric.task: metric.gain
                for metric in metrics
                if metric.split == Split.VALID
                and metric.task in self._metrics
                and metric.name == self._metrics[metric.task].name
            },
            self._dataset.weights,
        )


def as_text(params: Mapping[str, object]) -> dict[str, str]:
    """Each parameter's value as JSON."""
    return {name: json.dumps(value) for name, value in params.items()}


def versions() -> dict[str, str]:
    """Package to version, Python among them."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
