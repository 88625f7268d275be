"""Trainers: who trains the jobs of a pack on one CPU or GPU."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.records import EpochReport
from mtl_search.training.job import Job
from mtl_search.training.kinds import AnyTraining
from mtl_search.training.loop import Training
from mtl_search.training.state import TrainingState
from mtl_search.training.team import ALONE, LeftAloneError, Team
from mtl_search.training.trial import TrialOutcome, failure

__all__ = ["Progress", "SoloTrainer", "Trainer"]


@final
@dataclass(frozen=True, slots=True)
class Progress:
    """What a step brought one job.

    ``report`` of the epoch, None if the job raised before its end; ``ended``: that was its last epoch;
    ``outcome``, once it ended or failed.
    """

    trial_id: str
    report: EpochReport | None
    ended: bool = False
    outcome: TrialOutcome | None = None


class Trainer(ABC):
    """Trains the jobs of one pack, which have the same `pack_key`, and reports on each.

    What a job raises is its outcome, and the others go on, whose numbers do not depend on it.
    """

    size: ClassVar[int]
    """The largest pack that it takes."""

    @abstractmethod
    def __init__(self, jobs: Sequence[Job], dataset: Dataset, device: str) -> None: ...

    @property
    @abstractmethod
    def live(self) -> frozenset[str]:
        """The jobs, by trial_id, that have not ended yet."""

    @abstractmethod
    def step(self) -> list[Progress]:
        """Train each job that has not ended for one more epoch."""

    @abstractmethod
    def stop(self, trial_id: str) -> None:
        """Train this job no further; nothing if it has ended."""

    @abstractmethod
    def state(self, trial_id: str) -> TrainingState | None:
        """What is needed to go on with this job after its last epoch; None if nothing could."""


@final
class SoloTrainer(Trainer):
    """Trains one job: a pack of one. The first of a ``team`` raises LeftAloneError if another one is gone."""

    size = 1

    def __init__(self, jobs: Sequence[Job], dataset: Dataset, device: str, team: Team = ALONE) -> None:
        (self._job,) = jobs
        self._dataset, self._device, self._team = dataset, device, team
        self._training: AnyTraining | None = None
        self._epochs = 0 if self._job.past is None else self._job.past.epoch
        self._ended = False

    @property
    @override
    def live(self) -> frozenset[str]:
        return frozenset() if self._ended else frozenset({self._job.trial_id})

    @override
    def step(self) -> list[Progress]:
        report: EpochReport | None = None
        outcome: TrialOutcome | None = None
        ended = False
        try:
            if self._training is None:
                self._training = self._job.training(self._dataset, self._device, self._team)
            report = self._training.run_epoch()
            self._epochs += 1
            if ended := self._training.finished:
                outcome = self._job.conclude(self._training, self._dataset)
        except LeftAloneError:
            self.stop(self._job.trial_id)
            raise
        except (Exception, SystemExit) as error:  # a row of the leaderboard: the sweep goes on
            outcome = failure(error, self._epochs)
        if outcome is not None:
            self.stop(self._job.trial_id)
        return [Progress(self._job.trial_id, report, ended, outcome)]

    @override
    def stop(self, trial_id: str) -> None:
        self._ended, self._training = True, None

    @override
    def state(self, trial_id: str) -> TrainingState | None:
        """Of trees, which grow in no time, nothing."""
        return self._training.state() if isinstance(self._training, Training) else None
