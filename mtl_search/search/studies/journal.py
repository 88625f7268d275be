"""Journal: the studies of a sweep in Optuna's own format, for its dashboard and whatever else reads that.

It is derived: made anew from the leaderboard whenever a sweep is opened, and written along from then on.
Nothing is ever read back from it, so it may be lost, old or garbled.
"""

import copy
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, final

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from typing_extensions import override

from mtl_search.leaderboard import clear_partial
from mtl_search.records import Split, TrialRecord

__all__ = ["TRIAL_ID", "Journal"]

TRIAL_ID = "trial_id"
_METRIC_NAMES = "study:metric_names"  # where Optuna keeps what its plots call the objective


@final
class Journal:
    """The file at ``path``; it takes the place of an older one when it is published."""

    def __init__(self, path: Path) -> None:
        self.path = path
        clear_partial(path)
        self._lines = _Lines(path.with_name(f".{path.name}.new.partial"))
        self._storage = JournalStorage(self._lines)

    def publish(self) -> None:
        """Put it in its place, once it holds what was finished before."""
        self._lines.path = self._lines.path.replace(self.path)

    def add_study(
        self, name: str, objective: str, finished: Iterable[tuple[FrozenTrial, TrialRecord]]
    ) -> int:
        """Begin a study with the trials that it has; its number. ``objective``: what its scores are."""
        study = self._storage.create_new_study([StudyDirection.MAXIMIZE], name)
        self._storage.set_study_system_attr(study, _METRIC_NAMES, [objective])
        for trial, record in finished:
            shown = copy.copy(trial)
            shown.user_attrs = _attributes(record)
            shown.datetime_start, shown.datetime_complete = record.started, record.finished
            self._storage.create_new_trial(study, template_trial=shown)
        return study

    def start(self, study: int, trial: FrozenTrial) -> int:
        """Write a trial that is running; its number."""
        return self._storage.create_new_trial(study, template_trial=trial)

    def report(self, trial: int, epoch: int, score: float) -> None:
        """Write an epoch of a running trial, of which Optuna's learning curves are made."""
        self._storage.set_trial_intermediate_value(trial, epoch, score)

    def end(self, trial: int, state: TrialState, score: float | None, record: TrialRecord) -> None:
        """End a running trial, with the epochs that were not reported for they could not stop it."""
        reported = self._storage.get_trial(trial).intermediate_values
        for epoch in record.history:
            if epoch.epoch not in reported and math.isfinite(epoch.score):
                self.report(trial, epoch.epoch, epoch.score)
        for name, value in _attributes(record).items():
            self._storage.set_trial_user_attr(trial, name, value)
        self._storage.set_trial_state_values(trial, state, None if score is None else [score])


def _attributes(record: TrialRecord) -> dict[str, str | int | float]:
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


@final
class _Lines(BaseJournalBackend):
    """Lines that are appended to a file without a lock and without a wait for the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unread: list[dict[str, Any]] = []
        path.touch()

    @override
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        with self.path.open("ab") as file:
            file.writelines(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs)
        self._unread += logs

    @override
    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        logs, self._unread = self._unread, []
        return logs
