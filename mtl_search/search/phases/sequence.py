"""Phases: job sources one after another on the same workers, since new workers take seconds to start."""

from collections.abc import Iterator
from typing import Literal

from mtl_search.records import EpochReport
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.training import TrialOutcome

__all__ = ["Phases"]


class Phases(JobSource):
    """Asks ``first`` until it is done, then each of ``rest``, which makes a source when its turn comes.

    A source that was not interrupted is done only when none of its jobs is in training, so results belong to
    the present one.
    """

    def __init__(self, first: JobSource, rest: Iterator[JobSource]) -> None:
        self._present, self._rest, self._interrupted = first, rest, False

    def next(self) -> Job | Literal["wait", "done"]:
        """The next job of the present source."""
        while (job := self._present.next()) == "done":
            following = None if self._interrupted else next(self._rest, None)
            if following is None:
                return "done"
            self._present = following
            if self._interrupted:  # while it was made
                self._present.interrupt()
        return job

    def report(self, trial_id: str, report: EpochReport) -> bool:
        """What the present source says."""
        return self._present.report(trial_id, report)

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        """Hand the outcome to the present source."""
        self._present.finish(trial_id, outcome, placement)

    def interrupt(self) -> None:
        """Stop the present source; no other gets its turn."""
        self._interrupted = True
        self._present.interrupt()
