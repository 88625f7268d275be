"""Job sources: what passes between the side that decides and the side that trains.

A ``JobSource`` (the search, the confirmation) hands out jobs and takes their results. An executor (Ray
Tune, or the inline loop) has them trained. Neither knows the other's insides.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from mtl_search.records import EpochReport, TrialState
from mtl_search.training import Job, Progress, TrialOutcome, pack_key

__all__ = ["ArmStanding", "Job", "JobSource", "Placement"]


@final
@dataclass(frozen=True, slots=True)
class Placement:
    """Where a job ran and for how long it held its place; ``units`` are the CPUs or GPUs it held.

    ``peak_memory``, in bytes, and ``utilisation``, a share of the time, are of a GPU, NaN if they are not
    known.
    """

    seconds: float
    units: float
    device: str
    node: str
    peak_memory: float = math.nan
    utilisation: float = math.nan


@final
@dataclass(frozen=True, slots=True)
class ArmStanding:
    """How many trials of an arm, or of a later step, have ended in each state, how many are running, and
    delta_m of its best design so far, NaN while there is none."""

    name: str
    ended: Mapping[TrialState, int]
    running: int
    best: float


class JobSource(ABC):
    """Decides what is trained next and what becomes of it. Called from one thread.

    It decides job by job: each may depend on all before it. An executor takes packs of them.
    """

    _held: Job | None = None  # it has another key than the pack before it

    @abstractmethod
    def next(self) -> Job | Literal["wait", "done"]:
        """The next job; ``wait`` if it depends on jobs that are running, ``done`` if none is left."""

    @abstractmethod
    def report(self, trial_id: str, report: EpochReport) -> bool:
        """Take note of an epoch; whether to stop the trial."""

    @abstractmethod
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        """Take the outcome; None if the trial was stopped on ``report``'s advice."""

    @abstractmethod
    def interrupt(self) -> None:
        """Hand out nothing more and stop what is running, so that it can be resumed."""

    @final
    def next_pack(self, size: int = 1) -> list[Job] | Literal["wait", "done"]:
        """The next jobs, up to ``size`` that can be trained side by side."""
        first, self._held = self._held or self.next(), None
        if isinstance(first, str):
            return first
        pack = [first]
        while len(pack) < size and not isinstance(job := self.next(), str):
            if pack_key(job) != pack_key(first):
                self._held = job
                break
            pack.append(job)
        return pack

    @final
    def take(self, progress: Progress, placement: Placement) -> bool:
        """Take what a step brought a job; whether the job is over, by itself or since it is to stop.

        A job in its last epoch is not stopped any more: everything was spent on it already.
        """
        stops = progress.report is not None and self.report(progress.trial_id, progress.report)
        stops = stops and not progress.ended
        if not stops and progress.outcome is None:
            return False
        self.finish(progress.trial_id, None if stops else progress.outcome, placement)
        return True
