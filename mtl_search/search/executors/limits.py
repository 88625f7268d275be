"""Limits of one trial: so many minutes and so much memory, beyond which it has failed.

A step that does not come to its end is interrupted by a signal to the main thread, which a sleep, a lock and
a loop in Python mind. What is in a library's compiled code hears of it once it is back in Python: there the
driver of a cluster kills the worker (see `overdue`), and a sweep in one process has to wait.
"""

import gc
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import final

import psutil

from mtl_search.data.cache import as_size
from mtl_search.records import TrialState
from mtl_search.search.executors.place import Place
from mtl_search.training import Progress, Trainer, TrialOutcome, failure

__all__ = ["OverLimitError", "Watchdog", "over_limit", "too_long"]

POLL = 0.2  # seconds between two looks at the clock and the memory
SIGNAL = signal.SIGALRM


class OverLimitError(Exception):
    """A trial was beyond a limit, which is its text, and its process may not be fit for another one."""


class _Interruption(BaseException):
    """Ends a step, whatever errors it catches."""


@final
class Watchdog:
    """Watches over the jobs of one pack, from now on: their place says how long and how large they may be.

    Memory is what the process has more of than at the beginning, without what it shares with others (the
    data, libraries), so that what Python and PyTorch take is nobody's fault. It is that of each worker of a
    trial, as CPUs are: each is given so much of its own node, and each is watched. ``asked``: whether a user
    wants to stop; a KeyboardInterrupt that nobody asked for is one more error of a trial.
    """

    def __init__(self, place: Place, asked: Callable[[], bool] = lambda: False) -> None:
        self._place, self._asked, self._began = place, asked, time.monotonic()
        self._before = own_memory() if place.memory else 0
        self._armed = False
        self._broken: str | None = None  # the first limit that was broken
        self.spoilt: str | None = None  # the same, once nobody knows what it has left behind in the process
        self._epochs: dict[str, int] = {}  # of each job

    def step(self, trainer: Trainer) -> list[Progress]:
        """A step of ``trainer``, after which what is beyond a limit has failed."""
        progress: list[Progress] = []
        interrupted = False
        try:
            with self._interrupting():
                progress = trainer.step()
        except _Interruption:
            interrupted = True
        except KeyboardInterrupt as error:
            if self._asked():
                raise
            return self._end(trainer, partial(failure, error))
        self._epochs |= {one.trial_id: one.report.epoch for one in progress if one.report is not None}
        if not trainer.live or (said := self._broken or self._beyond()) is None:
            return progress
        progress += self._end(trainer, partial(over_limit, said))
        gc.collect()
        if interrupted or (self._place.memory is not None and self._more() > self._place.memory):
            self.spoilt = said
        return progress

    def over(self, part: Callable[[], object]) -> None:
        """Do a part of what another process trains; OverLimitError beyond a limit.

        What is found at the end of a part is told at the beginning of the next one, which others wait for.
        """
        try:
            with self._interrupting():
                if (said := self._broken or self._beyond()) is not None:
                    raise OverLimitError(said)
                part()
        except _Interruption:
            raise OverLimitError(self._broken) from None

    def _end(self, trainer: Trainer, outcome: Callable[[int], TrialOutcome]) -> list[Progress]:
        """The end of all that is live; ``outcome`` of so many epochs."""
        ended = sorted(trainer.live)
        for trial_id in ended:
            trainer.stop(trial_id)
        return [Progress(one, None, outcome=outcome(self._epochs.get(one, 0))) for one in ended]

    def _beyond(self) -> str | None:
        """The limit that is broken now, in words."""
        place = self._place
        if place.minutes is not None and time.monotonic() - self._began > 60 * place.minutes:
            return too_long(place.minutes)
        if place.memory is not None and self._more() > place.memory:
            return f"took {as_size(self._more())}, more than resources.memory of {as_size(place.memory)}"
        return None

    def _more(self) -> int:
        return own_memory() - self._before

    @contextmanager
    def _interrupting(self) -> Iterator[None]:
        """Raise in the block, again and again, once a limit is broken; only the main thread can be."""
        limited = self._place.minutes is not None or self._place.memory is not None
        if not limited or threading.current_thread() is not threading.main_thread():
            yield
            return
        done = threading.Event()
        before = signal.signal(SIGNAL, self._interrupt)
        looking = threading.Thread(target=self._look, args=(done,), daemon=True)
        looking.start()
        self._armed = True
        try:
            try:
                yield
            finally:
                self._armed = False
        finally:
            done.set()
            looking.join()
            signal.signal(SIGNAL, before)

    def _look(self, done: threading.Event) -> None:
        while not done.wait(POLL):
            self._broken = self._broken or self._beyond()
            if self._broken is not None:
                signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        if self._armed:
            raise _Interruption


def over_limit(said: str, epochs: int = 0) -> TrialOutcome:
    """That a trial failed since it was beyond a limit."""
    return TrialOutcome(TrialState.FAILED, epochs, None, math.nan, (), said)


def too_long(minutes: float) -> str:
    """What is said of a trial that did not end in time."""
    return f"took longer than resources.minutes of {minutes:g}"


def own_memory() -> int:
    """Bytes in memory that this process shares with no other (on Linux; elsewhere all it has)."""
    found = psutil.Process().memory_info()
    return int(found.rss - getattr(found, "shared", 0))
