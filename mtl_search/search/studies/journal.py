"""Journal: the studies of a sweep in Optuna's own format, for its dashboard and whatever else reads that.

It is derived: made anew from the leaderboard whenever a sweep is opened, and written along from then on.
Nothing is ever read back from it, so it may be lost, old or garbled.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, final

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from typing_extensions import override

from mtl_search.leaderboard import clear_partial

__all__ = ["Journal"]


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

    def add_study(self, name: str, finished: Iterable[FrozenTrial]) -> int:
        """Begin a study with the trials that it has; its number."""
        study = self._storage.create_new_study([StudyDirection.MAXIMIZE], name)
        for trial in finished:
            self._storage.create_new_trial(study, template_trial=trial)
        return study

    def start(self, study: int, trial: FrozenTrial) -> int:
        """Write a trial that is running; its number."""
        return self._storage.create_new_trial(study, template_trial=trial)

    def end(self, trial: int, state: TrialState, score: float | None, attrs: Mapping[str, object]) -> None:
        """End a running trial."""
        for name, value in attrs.items():
            self._storage.set_trial_user_attr(trial, name, value)
        self._storage.set_trial_state_values(trial, state, None if score is None else [score])


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
