"""Jobs: what passes between the side that decides and the side that trains.

A ``JobSource`` (the search, the confirmation) hands out jobs and takes their results. An executor (Ray
Tune, or the inline loop) trains them. Neither knows the other's insides.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from mtl_search.data import Dataset
from mtl_search.records import EpochReport
from mtl_search.training import Score, Training, TrialConfig, TrialOutcome, conclude

__all__ = ["Job", "JobSource", "Placement"]


@dataclass(frozen=True, slots=True)
class Job:
    """One network to train.

    ``read_test`` is set by the confirmation alone, ``affinities`` for the networks of all tasks where the
    grouping strategy learns from them, ``resample_valid`` where it counts how much hangs on rows of valid.
    ``keep``: the weights come back with the outcome, from whichever machine trained them.
    """

    trial_id: str
    config: TrialConfig
    seed: int
    score: Score
    read_test: bool = False
    affinities: bool = False
    resample_valid: bool = False
    keep: bool = False

    def training(self, dataset: Dataset, device: str) -> Training:
        """The job's network on ``device``, not trained yet."""
        return Training(
            self.config,
            dataset,
            seed=self.seed,
            score=self.score,
            device=device,
            affinities=self.affinities,
        )

    def conclude(self, training: Training, dataset: Dataset) -> TrialOutcome:
        """The outcome of the job's network, which is trained."""
        return conclude(
            training,
            dataset,
            read_test=self.read_test,
            resample_valid=self.resample_valid,
            keep=self.keep,
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a job ran and for how long it held its place; ``units`` are the CPUs or GPUs it held."""

    seconds: float
    units: float
    device: str
    node: str


class JobSource(ABC):
    """Decides what is trained next and what becomes of it. Called from one thread."""

    @abstractmethod
    def next(self) -> Job | Literal["wait", "done"]:
        """The next job; ``wait`` where it depends on jobs that are running, ``done`` where none is left."""

    @abstractmethod
    def report(self, trial_id: str, report: EpochReport) -> bool:
        """Take note of an epoch; whether to stop the trial."""

    @abstractmethod
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        """Take the outcome; None where the trial was stopped on ``report``'s advice."""

    @abstractmethod
    def interrupt(self) -> None:
        """Hand out nothing more and stop what is running, so that it can be resumed."""
