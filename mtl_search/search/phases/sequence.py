"""Phases: job sources one after another on the same workers, since new workers take seconds to start."""

from collections.abc import Iterator
from typing import Literal, final

from typing_extensions import override

from mtl_search.records import EpochReport
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.training import TrialOutcome

__all__ = ["Phases"]


@final
class Phases(JobSource):
    """Asks ``first`` until it is done, then each of ``rest``, which makes a source when its turn comes.

    A source that was not interrupted is done only when none of its jobs is in training, so results belong to
    the present one.
    """

    def __init__(self, first: JobSource, rest: Iterator[JobSource]) -> None:
        self._present, self._rest, self._interrupted = first, rest, False

    @override
    def next(self) -> Job | Literal["wait", "done"]:
        while (job := self._present.next()) == "done":
            following = None if self._interrupted else next(self._rest, None)
            if following is None:
                return "done"
            self._present = following
            if self._interrupted:  # while it was made
                self._present.interrupt()
        return job

    @override
    def report(self, trial_id: str, report: EpochReport) -> bool:
        return self._present.report(trial_id, report)

    @override
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self._present.finish(trial_id, outcome, placement)

    @override
    def interrupt(self) -> None:
        self._interrupted = True
        self._present.interrupt()
