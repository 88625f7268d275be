"""The clock of a run: how long it has gone on, and for how much of that its workers were at work."""

import time
from collections.abc import Iterable
from typing import final

from mtl_search.records import TrialRecord

__all__ = ["RunClock", "time_in_training"]


@final
class RunClock:
    """Counts from ``began``, by ``time.monotonic()``, and tells the start of workers from their work.

    Whenever an executor opens, its workers start; the first epoch that one reports ends that.
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._opened: float | None = None
        self._working_since: float | None = None
        self._starts: list[float] = []  # seconds

    def opened(self) -> None:
        """An executor begins."""
        self._opened = time.monotonic()

    def worked(self) -> None:
        """A worker has reported an epoch or an end."""
        if self._opened is None:
            return
        now = time.monotonic()
        if self._working_since is None:
            self._working_since = now
        else:
            self._working_since += now - self._opened
        self._starts.append(now - self._opened)
        self._opened = None

    @property
    def seconds(self) -> float:
        """Since the run began, everything included."""
        return time.monotonic() - self._began

    @property
    def is_starting(self) -> bool:
        """Whether workers are starting."""
        return self._opened is not None

    @property
    def working(self) -> float:
        """Seconds since the first epoch, later starts of workers left out."""
        if self._working_since is None:
            return 0.0
        until = time.monotonic() if self._opened is None else self._opened
        return until - self._working_since

    @property
    def start(self) -> float:
        """How long workers took to start, the last time; 0 while they never have."""
        return self._starts[-1] if self._starts else 0.0


def time_in_training(records: Iterable[TrialRecord]) -> float:
    """Seconds in which at least one of ``records`` was in training: how long runs before this one were at
    work."""
    ordered = sorted(records, key=lambda one: one.started)
    total, until = 0.0, ordered[0].started if ordered else None
    for record in ordered:
        assert until is not None
        total += max(0.0, (record.finished - max(record.started, until)).total_seconds())
        until = max(until, record.finished)
    return total
