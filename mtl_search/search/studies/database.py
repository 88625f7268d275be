"""Database: the studies of a sweep in a database of the user's, in Optuna's own tables.

A thread of its own writes, in the order of what happened, so that no trial waits for the database. What
happens while the database is away for less than `PATIENCE` is written when it is back; after that the sweep
is stopped like by Ctrl-C, since whoever named a database wants the studies there. Nothing is lost: on opening
each study is brought in line (``aligning``) with the tables, which have all that was recorded. A statement
that still waits for the database when the sweep has ended is not committed, whenever the database comes back:
by then somebody may have opened the studies again.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from queue import Full, Queue
from threading import Thread
from types import TracebackType
from typing import Any, final

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from typing_extensions import override

from mtl_search.errors import UserError
from mtl_search.records import TrialRecord
from mtl_search.search.studies.aligning import align
from mtl_search.search.studies.connecting import said
from mtl_search.search.studies.mirror import TRIAL_ID, Entries, Finished, Mirror

__all__ = ["Database"]

PATIENCE = 60.0  # seconds without success, after which it is lost
HURRY = 10.0  # seconds in which an interrupted sweep still writes
AGAIN = 1.0  # seconds between two attempts
MOST = 10_000  # entries that wait; beyond them the search waits too

Entry = Callable[[bool], None]  # told whether it is tried again


class _TooLate(Exception):
    """The sweep has ended."""


@final
class Database(Mirror):
    """The studies of one sweep in ``storage``.

    Their names there begin with ``sweep``, which no other sweep has; each study has the attributes ``about``.
    ``refusal`` makes the error that is raised at the end if it was lost; ``waiting`` hears if the end waits.
    """

    def __init__(
        self,
        storage: RDBStorage,
        sweep: str,
        about: Mapping[str, str],
        refusal: Callable[[str], UserError],
        waiting: Callable[[str], None] = lambda why: None,
    ) -> None:
        self._waiting, self._end_by = waiting, math.inf
        self._storage, self._sweep, self._about, self._refusal = storage, sweep, about, refusal
        self._entries = Entries(storage)
        self._queue: Queue[Entry | None] = Queue(MOST)
        self._moved = time.monotonic()  # when an entry was last written, or came after a pause
        self._trouble = ""  # why the last attempt failed
        self._failure: str | None = None
        self._ended = False
        for step in ("before_cursor_execute", "commit"):
            event.listen(storage.engine, step, self._refuse_if_ended)
        self._thread = Thread(target=self._work, name="database", daemon=True)
        self._thread.start()

    @property
    @override
    def is_lost(self) -> bool:
        silent = time.monotonic() - self._moved > PATIENCE
        if self._failure is None and silent and self._queue.unfinished_tasks:
            self._failure = self._trouble or f"no answer for {PATIENCE:.0f} seconds"
        return self._failure is not None

    @override
    def add_study(self, name: str, objective: str, finished: Finished) -> None:
        known = {record.trial_id: (trial, record) for trial, record in finished}
        self._add(lambda again: self._align(name, objective, known))

    @override
    def publish(self) -> None:
        """Nothing: who looks sees the studies grow."""

    @override
    def start(self, study: str, trial_id: str, trial: FrozenTrial) -> None:
        self._add(partial(self._start, study, trial_id, trial))

    @override
    def report(self, trial_id: str, epoch: int, score: float) -> None:
        self._add(lambda again: self._entries.report(trial_id, epoch, score))

    @override
    def end(self, trial_id: str, state: TrialState, score: float | None, record: TrialRecord) -> None:
        self._add(partial(self._end, lambda: self._entries.end(trial_id, state, score, record), trial_id))

    @override
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what waits, unless there is no time for it; the refusal if that cannot be."""
        if error is None:
            self._add(lambda again: self._interrupt())
        else:
            self._end_by = 0.0
        with suppress(Full):
            self._queue.put(None, timeout=AGAIN)
        self._thread.join(AGAIN)
        while self._thread.is_alive() and not self._is_over:
            self._waiting("waiting for the database to take the last trials")
            self._thread.join(AGAIN)
        self._end_by = 0.0
        self._thread.join(AGAIN)
        self._ended = self._thread.is_alive()
        if error is None and self._failure is not None:
            raise self._refusal(self._failure)

    @override
    def hurry(self) -> None:
        self._end_by = time.monotonic() + HURRY

    @property
    def _is_over(self) -> bool:
        """Whether what still waits is not written any more."""
        return time.monotonic() > self._end_by or self.is_lost

    def _add(self, entry: Entry) -> None:
        if not self._queue.unfinished_tasks:
            self._moved = time.monotonic()
        while not self._is_over:
            with suppress(Full):
                self._queue.put(entry, timeout=AGAIN)
                return

    def _work(self) -> None:
        """Write entry after entry; once one could not be written, or there is no time, none."""
        while (entry := self._queue.get()) is not None:
            self._write(entry)
            self._queue.task_done()
        self._queue.task_done()
        self._storage.remove_session()
        if self._ended:
            self._storage.engine.dispose()  # again: nobody else closes what this thread has opened since then

    def _refuse_if_ended(self, *statement: Any) -> None:
        if self._ended:
            raise _TooLate

    def _write(self, entry: Entry) -> None:
        again = False
        while not self._is_over:
            try:
                entry(again)
                self._moved, self._trouble = time.monotonic(), ""
                return
            except _TooLate:
                return
            except (SQLAlchemyError, StorageInternalError) as error:
                self._trouble, again = said(error, self._storage.engine.url), True
                time.sleep(AGAIN)
            except Exception as error:  # somebody else has changed the studies, say
                self._failure = said(error, self._storage.engine.url)

    def _start(self, study: str, trial_id: str, trial: FrozenTrial, again: bool) -> None:
        """Write the start of a trial, unless an attempt that seemed to fail has done so."""
        if again:
            number = self._storage.get_study_id_from_name(self._full(study))
            for known in self._storage.get_all_trials(number, deepcopy=False):
                if known.user_attrs.get(TRIAL_ID) == trial_id and not known.state.is_finished():
                    self._entries.follow(trial_id, known._trial_id)
                    return
        self._entries.start(self._full(study), trial_id, trial)

    def _end(self, end: Callable[[], None], trial_id: str, again: bool) -> None:
        try:
            end()
        except UpdateFinishedTrialError:
            if not again:
                raise
            self._entries.forget(trial_id)

    def _interrupt(self) -> None:
        """End what runs as far as the database knows."""
        for trial_id in self._entries.running:
            self._end(partial(self._entries.interrupt, trial_id), trial_id, True)

    def _align(
        self, name: str, objective: str, finished: Mapping[str, tuple[FrozenTrial, TrialRecord]]
    ) -> None:
        for _ in align(self._storage, self._entries, self._full(name), objective, self._about, finished):
            self._moved = time.monotonic()

    def _full(self, study: str) -> str:
        return f"{self._sweep}/{study}"
