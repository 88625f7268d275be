"""Mirror: the studies of a sweep in Optuna's own format, for its dashboard and whatever else reads that.

It is derived: what is in it follows from the leaderboard whenever a sweep is opened, and it is written along
from then on. Nothing that the search does is read from it, so it may be lost, old or wrong.
"""

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Self, final

from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from mtl_search.records import Split, TrialRecord

__all__ = ["INTERRUPTED", "TRIAL_ID", "Entries", "Finished", "Mirror"]

TRIAL_ID = "trial_id"
INTERRUPTED = "interrupted"  # attribute of a trial whose end is not known
METRIC_NAMES = "study:metric_names"  # where Optuna keeps what its plots call the objective

Finished = Iterable[tuple[FrozenTrial, TrialRecord]]


class Mirror(ABC):
    """Where the studies are written; open as long as the ``with`` block that it is used in."""

    @property
    @abstractmethod
    def is_lost(self) -> bool:
        """Whether nothing can be written any more, so that the sweep is to be stopped."""

    @abstractmethod
    def add_study(self, name: str, objective: str, finished: Finished) -> None:
        """Have a study with the trials that ended, and no others. ``objective``: what its scores are."""

    @abstractmethod
    def publish(self) -> None:
        """All studies are added."""

    @abstractmethod
    def start(self, study: str, trial_id: str, trial: FrozenTrial) -> None:
        """Write a trial that is running."""

    @abstractmethod
    def report(self, trial_id: str, epoch: int, score: float) -> None:
        """Write an epoch of a running trial, of which Optuna's learning curves are made."""

    @abstractmethod
    def end(self, trial_id: str, state: TrialState, score: float | None, record: TrialRecord) -> None:
        """End a running trial, with the epochs that were not reported for they could not stop it."""

    @abstractmethod
    def hurry(self) -> None:
        """The sweep was interrupted: what takes long to write is left to the next opening."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The sweep stops, at once if there is an ``error``."""


@final
class Entries:
    """Writes studies and trials by their names into one of Optuna's storages."""

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage
        self._studies: dict[str, int] = {}
        self._trials: dict[str, int] = {}  # of those that run
        self._reported: dict[str, set[int]] = {}

    @property
    def running(self) -> list[str]:
        """The trials that were started and not ended."""
        return [*self._trials]

    def add_study(self, name: str, objective: str) -> int:
        """Make a study without trials; its number."""
        number = self._storage.create_new_study([StudyDirection.MAXIMIZE], name)
        self.open_study(name, number, objective)
        return number

    def open_study(self, name: str, number: int, objective: str) -> None:
        """Go on with a study."""
        self._studies[name] = number
        self._storage.set_study_system_attr(number, METRIC_NAMES, [objective])

    def add_finished(self, study: str, trial: FrozenTrial, record: TrialRecord) -> None:
        """Write a trial that ended, whole."""
        shown = copy.copy(trial)
        shown.user_attrs = attributes(record)
        shown.datetime_start, shown.datetime_complete = map(_local, (record.started, record.finished))
        self._storage.create_new_trial(self._studies[study], template_trial=shown)

    def start(self, study: str, trial_id: str, trial: FrozenTrial) -> None:
        """Write a trial that is running."""
        self.follow(trial_id, self._storage.create_new_trial(self._studies[study], template_trial=trial))

    def follow(self, trial_id: str, number: int, reported: Iterable[int] = ()) -> None:
        """Go on with a trial that is there already as ``number``."""
        self._trials[trial_id], self._reported[trial_id] = number, {*reported}

    def report(self, trial_id: str, epoch: int, score: float) -> None:
        """Write an epoch of a running trial."""
        self._storage.set_trial_intermediate_value(self._trials[trial_id], epoch, score)
        self._reported[trial_id].add(epoch)

    def end(self, trial_id: str, state: TrialState, score: float | None, record: TrialRecord) -> None:
        """End a running trial, with its epochs that were not reported."""
        for epoch in record.history:
            if epoch.epoch not in self._reported[trial_id] and math.isfinite(epoch.score):
                self.report(trial_id, epoch.epoch, epoch.score)
        self._close(trial_id, state, score, attributes(record))

    def interrupt(self, trial_id: str) -> None:
        """End a running trial of which no more is known."""
        self._close(trial_id, TrialState.FAIL, None, {INTERRUPTED: True})

    def forget(self, trial_id: str) -> None:
        """Count a trial as running no more."""
        del self._trials[trial_id], self._reported[trial_id]

    def _close(
        self,
        trial_id: str,
        state: TrialState,
        score: float | None,
        attributes: Mapping[str, str | int | float],
    ) -> None:
        number = self._trials[trial_id]
        for name, value in attributes.items():
            self._storage.set_trial_user_attr(number, name, value)
        self._storage.set_trial_state_values(number, state, None if score is None else [score])
        self.forget(trial_id)


def _local(moment: datetime) -> datetime:
    """As Optuna keeps times: the clock on the wall, without a zone."""
    return moment.astimezone().replace(tzinfo=None)


def attributes(record: TrialRecord) -> dict[str, str | int | float]:
    """What Optuna's tools show beside parameters and score; they plot those that are numbers."""
    gains = {
        f"gain.{metric.task}": metric.gain
        for metric in record.metrics
        if metric.split is Split.VALID and math.isfinite(metric.gain)
    }
    known = {
        TRIAL_ID: record.trial_id,
        "members": "+".join(record.members),
        "sharing": record.sharing if len(record.members) > 1 else None,
        "weighting": record.weighting,
        **gains,
        "n_params": record.n_params,
        "best_epoch": record.best_epoch,
        "train_seconds": record.train_seconds,
        "duplicate_of": record.duplicate_of,
        "error": record.error,
    }
    return {name: value for name, value in known.items() if value is not None}
