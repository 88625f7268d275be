"""Made-up trainings, for what measures all that goes on around them."""

import math
import zlib
from typing import final

import numpy as np

from mtl_search.data import Dataset
from mtl_search.records import EpochReport, Metric, Split, TrialState
from mtl_search.search.jobs import Job
from mtl_search.training import TrialOutcome

__all__ = ["MadeUp"]


@final
class MadeUp:
    """What a training of ``epochs`` epochs would report: some learning rates, and some companions, are better
    than others."""

    def __init__(self, dataset: Dataset, epochs: int) -> None:
        self._dataset, self.epochs = dataset, epochs

    def reports(self, job: Job) -> list[EpochReport]:
        """All epochs of a training."""
        ones, found = dict.fromkeys(job.config.members, 1.0), []
        qualities = {task: self._quality(job, task) for task in job.config.members}
        for epoch in range(1, self.epochs + 1):
            valid = {task: self._value(task, quality, epoch) for task, quality in qualities.items()}
            found.append(EpochReport(epoch, ones, valid, ones, job.score(valid), 0.1))
        return found

    def outcome(self, job: Job) -> TrialOutcome:
        """How it ends."""
        values = {
            task: self._value(task, self._quality(job, task), self.epochs) for task in job.config.members
        }
        gains = job.score.gains(values)
        metrics = [
            Metric(task, Split.VALID, kind.name, value, gains.get(task, math.nan))
            for task, value in values.items()
            for kind in self._dataset.tasks[task].metrics
        ]
        return TrialOutcome(TrialState.COMPLETE, self.epochs, self.epochs, job.score(values), tuple(metrics))

    def _quality(self, job: Job, task: str) -> float:
        """Between 0 and 1: the learning rate has an optimum, companions help or hurt."""
        lr = getattr(getattr(job.config, "optimizer", None), "lr", 1e-3)
        pairs = (f"{task}{other}".encode() for other in job.config.members if other != task)
        help_ = sum(zlib.crc32(pair) / 2**32 - 0.5 for pair in pairs) / 10
        noise = np.random.default_rng((job.seed, zlib.crc32(task.encode()))).normal(0, 0.02)
        return float(np.clip(0.75 + help_ - 0.05 * (math.log10(lr) + 2.5) ** 2 + noise, 0.01, 0.99))

    def _value(self, task: str, quality: float, epoch: int) -> float:
        reached = quality * (1 - math.exp(-epoch))
        return reached if self._dataset.tasks[task].metric.higher_is_better else 1.0 / (0.2 + reached)
