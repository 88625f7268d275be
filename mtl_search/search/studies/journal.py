"""Journal: the studies of a sweep as a file of Optuna's in its results, made anew whenever it is opened."""

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, final

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import FrozenTrial, TrialState
from typing_extensions import override

from mtl_search.leaderboard import clear_partial, errors_of
from mtl_search.records import TrialRecord
from mtl_search.search.studies.mirror import Entries, Finished, Mirror

__all__ = ["JOURNAL_FILE", "Journal"]

JOURNAL_FILE = "journal.log"
DETAIL = {"intermediate_value", "user_attr"}  # what some lines tell of a trial, and nothing else
DETAILS = {"params", "distributions", "intermediate_values", "user_attrs"}  # of a trial in its first line


@final
class Journal(Mirror):
    """The file at ``path``; it takes the place of an older one when it is published."""

    def __init__(self, path: Path) -> None:
        self.path = path
        clear_partial(path)
        self._lines = _Lines(path.with_name(f".{path.name}.new.partial"))
        self._entries = Entries(JournalStorage(self._lines))

    @property
    @override
    def is_lost(self) -> bool:
        """Never: a file that cannot be written is the error of who writes."""
        return False

    @override
    def publish(self) -> None:
        """Put it in its place, once it holds what was finished before."""
        self._lines.path = self._lines.path.replace(self.path)

    @override
    def add_study(self, name: str, objective: str, finished: Finished) -> None:
        self._entries.add_study(name, objective)
        for trial, record in finished:
            self._entries.add_finished(name, trial, record)

    @override
    def start(self, study: str, trial_id: str, trial: FrozenTrial) -> None:
        self._entries.start(study, trial_id, trial)

    @override
    def report(self, trial_id: str, epoch: int, score: float) -> None:
        self._entries.report(trial_id, epoch, score)

    @override
    def end(self, trial_id: str, state: TrialState, score: float | None, record: TrialRecord) -> None:
        self._entries.end(trial_id, state, score, record)

    @override
    def hurry(self) -> None:
        """Nothing waits."""

    @override
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing: each line is in the file once it is written."""


@final
class _Lines(BaseJournalBackend):
    """Lines that are appended to a file without a lock and without a wait for the disk.

    A storage that writes reads its own lines, to know which studies and trials there are and which have
    ended. What else is in them, most of it, it would keep in memory for nobody.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unread: list[dict[str, Any]] = []
        path.touch()

    @override
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        with errors_of(self.path), self.path.open("ab") as file:
            file.writelines(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs)
        self._unread += [
            {name: value for name, value in log.items() if name not in DETAILS}
            for log in logs
            if not DETAIL & log.keys()
        ]

    @override
    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        logs, self._unread = self._unread, []
        return logs
