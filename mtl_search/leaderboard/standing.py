"""Standing: whether a sweep is at work, was interrupted, or came to its end; and that one process runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard.board import LOG_FILE
from mtl_search.leaderboard.log import TrialLog
from mtl_search.leaderboard.origin import Origin

__all__ = ["LOCK_FILE", "Standing", "only_process", "standing", "without_answer"]

LOCK_FILE = ".lock"
_GLANCE = 0.25  # seconds that a process waits for the lock: `standing` holds it for an instant


class Standing(StrEnum):
    """Whether a process runs a sweep now, and if not, whether the last one came to its end."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"


def standing(path: Path) -> Standing:
    """How the sweep in folder ``path`` stands. One that has no log (any more) is done.

    The lock is the system's: of a process that was killed none is left. It is seen on the machine that runs
    the sweep, and elsewhere as far as the file system shares locks. A copy of a sweep that lies elsewhere
    stands as that did.
    """
    origin = Origin.of(path)
    if origin.at_work if origin is not None else _is_locked(path / LOCK_FILE):
        return Standing.RUNNING
    log = TrialLog(path / LOG_FILE)
    return Standing.DONE if not log.exists() or log.end() else Standing.INTERRUPTED


def without_answer(path: Path) -> str | None:
    """Why the sweep in folder ``path`` has no answer; None if it has one, or has not come to its end."""
    end = TrialLog(path / LOG_FILE).end()
    return None if end is None else end["ended"]


@contextmanager
def only_process(path: Path) -> Iterator[None]:
    """Hold the sweep's lock, which the system takes back if this process dies."""
    lock = FileLock(path / LOCK_FILE)
    try:
        lock.acquire(timeout=_GLANCE)
    except Timeout:
        raise LeaderboardError(
            str(path), "a sweep that nobody is running", "another process at work"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _is_locked(path: Path) -> bool:
    if not path.is_file():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # of another user: nobody who could run it here
        return False
    lock.release()
    return False
