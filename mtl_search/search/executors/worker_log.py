"""What a worker says of its trials: a line each in its log, and what it does as metrics."""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import psutil
import ray

from mtl_search.monitoring.metrics import DEVICE_SECONDS, EPOCHS, ROWS, WORKER_MEMORY
from mtl_search.search.executors.published import Published
from mtl_search.search.jobs import Job
from mtl_search.training import Progress

__all__ = ["WorkerLog"]

LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    """A trial that has not ended: after how many epochs, and with which score in the last."""

    job: Job
    began: float
    epochs: int = 0
    score: float = float("nan")


@final
class WorkerLog:
    """Looks on while a worker trains pack after pack.

    A line is written when a trial ends by itself; for one that is stopped from outside, which a worker is not
    told, when the next begins or the worker is done. ``rows``: of train.
    """

    def __init__(self, rows: int, published: Published | None = None) -> None:
        self._rows, self._published = rows, published
        self._open: dict[str, _Open] = {}
        self._arm = self._slot = ""

    @classmethod
    def of_actor(cls, sweep: str, rows: int) -> Self:
        """That of an actor of Ray, whose log is its standard output; elsewhere nothing is published."""
        if not ray.is_initialized() or ray.get_runtime_context().get_actor_id() is None:
            return cls(rows)
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False
        return cls(rows, Published(sweep))

    def began(self, pack: Sequence[Job], slot: int) -> None:
        """A pack begins in a slot."""
        self.stopped()
        self._arm, self._slot = pack[0].arm, str(slot)
        self._open = {job.trial_id: _Open(job, time.perf_counter()) for job in pack}

    def stepped(self, progress: Sequence[Progress], device_seconds: float) -> None:
        """A step brought its jobs so far, and took so many seconds of all devices."""
        for one in progress:
            trial = self._open[one.trial_id]
            if one.report is not None:
                trial.epochs, trial.score = one.report.epoch, one.report.score
            if one.outcome is not None:
                trial.score = one.outcome.score
                self._say(self._open.pop(one.trial_id), one.outcome.state.value, one.outcome.error)
        if self._published is not None:
            epochs = sum(one.report is not None for one in progress)
            place = (self._arm, self._slot)
            self._published.add(EPOCHS, epochs, *place)
            self._published.add(ROWS, epochs * self._rows, *place)
            self._published.add(DEVICE_SECONDS, device_seconds, *place)
            self._published.set(WORKER_MEMORY, {(self._slot,): psutil.Process().memory_info().rss})

    def stopped(self) -> None:
        """What is open was stopped from outside."""
        for trial in self._open.values():
            self._say(trial, "stopped")
        self._open = {}

    def _say(self, trial: _Open, state: str, error: str | None = None) -> None:
        config = trial.job.config
        LOGGER.info(
            "%s arm=%s members=%s sharing=%r epochs=%d/%d score=%.4f state=%s seconds=%.1f%s",
            trial.job.trial_id,
            trial.job.arm,
            ",".join(config.members),
            str(config.sharing),
            trial.epochs,
            config.epochs,
            trial.score,
            state,
            time.perf_counter() - trial.began,
            f" error={error.splitlines()[0]!r}" if error else "",
        )
