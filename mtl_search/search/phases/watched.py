"""Watched: a job source that somebody looks at while it works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

from typing_extensions import override

from mtl_search.records import EpochReport
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.training import TrialOutcome

__all__ = ["Watched", "Watcher"]


@final
@dataclass(frozen=True, slots=True)
class Watcher:
    """What is called: when a trial has started, has ended (True) or trained for an epoch (False), and at an
    interruption."""

    started: Callable[[], None]
    worked: Callable[[bool], None]
    stopping: Callable[[], None]


@final
class Watched(JobSource):
    """Passes everything on to ``source``, then tells ``watcher``."""

    def __init__(self, source: JobSource, watcher: Watcher) -> None:
        self._source, self._watcher = source, watcher

    @override
    def next(self) -> Job | Literal["wait", "done"]:
        job = self._source.next()
        if not isinstance(job, str):
            self._watcher.started()
        return job

    @override
    def report(self, trial_id: str, report: EpochReport) -> bool:
        stops = self._source.report(trial_id, report)
        self._watcher.worked(False)
        return stops

    @override
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self._source.finish(trial_id, outcome, placement)
        self._watcher.worked(True)

    @override
    def interrupt(self) -> None:
        self._source.interrupt()
        self._watcher.stopping()
