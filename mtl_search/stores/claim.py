"""Claim: that one process works on a sweep of a store, told by an object that it renews.

Each who wants it puts a claim of its own first, and then looks for others. Since what is put is seen by
whoever looks afterwards, of two who do so at a time at least one sees the other's, and gives way if that is
renewed. Who comes later sees all that were there before, and they need not look for it. So there is never
more than one, though two that come at the same moment may both give way.
"""

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import final
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ValidationError

from mtl_search.errors import LeaderboardError, StoreError
from mtl_search.stores.store import Entry, Store

__all__ = ["LEASE", "Claim", "at_work", "is_claim", "repeated"]

_LOGGER = logging.getLogger(__name__)

CLAIMS = ".claims/"
RENEWED = 10.0  # seconds between two renewals
LEASE = 60.0  # seconds without one, after which whoever waits takes over


class _Shown(BaseModel, frozen=True):
    """What a claim says: who holds it, and how often it was renewed, the last time when."""

    host: str = "another machine"
    process: int = 0
    beats: int = 0
    at: AwareDatetime | None = None


def is_claim(name: str) -> bool:
    """Whether an object is one."""
    return name.startswith(CLAIMS)


def at_work(store: Store, entries: Mapping[str, Entry]) -> bool:
    """Whether a process seems to be at work: it has renewed its claim, by the clocks of both, lately."""
    now = datetime.now(UTC)
    ages = (now - one.at for one in _claims(store, entries).values() if one.at is not None)
    return any(abs(age.total_seconds()) < LEASE for age in ages)


@final
class Claim:
    """This process's claim on the sweep in ``store``."""

    def __init__(self, store: Store) -> None:
        self._store, self._name = store, f"{CLAIMS}{uuid4().hex}"
        self._beats, self._lost = 0, False
        self._renewed = -math.inf, -math.inf  # when last, by two clocks: one never jumps, one never sleeps

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it; `LeaderboardError` if another process does."""
        self._renew()
        try:
            with repeated(self._go_on, RENEWED):
                self._win()
                yield
        finally:
            with suppress(StoreError):  # the network is down: it ends by itself
                self._store.delete(self._name)

    def check(self) -> None:
        """Before what counts is put: `LeaderboardError` if another process may have taken over meanwhile."""
        since = (abs(now - then) for now, then in zip(_clocks(), self._renewed, strict=True))
        if not self._lost and max(since) >= LEASE / 2:
            self._go_on()
        if self._lost:
            hint = "what it had recorded is kept"
            expected = f"a claim that is renewed within {LEASE:g} s"
            raise LeaderboardError(self._store.place, expected, "none: another process has taken over", hint)

    def _go_on(self) -> None:
        """Renew it, unless who took over has deleted it."""
        self._lost = self._lost or self._name not in self._store.entries()
        if not self._lost:
            self._renew()

    def _win(self) -> None:
        """Return once nobody else is there, or has shown itself for as long as a claim holds."""
        others, until = self._others(), time.monotonic() + LEASE
        if others:
            _LOGGER.warning(
                "%s: %s was at work; unless it shows within %g s, it is taken for ended",
                self._store.place,
                _who(others),
                LEASE,
            )
        while others and time.monotonic() < until:
            time.sleep(RENEWED / 2)
            before, now = others, self._others()
            others = {name: now[name] for name in before if name in now}
            if others != {name: before[name] for name in others}:
                raise self._taken(others)
        for name in others:
            self._store.delete(name)
        self.check()

    def _renew(self) -> None:
        self._beats += 1
        shown = _Shown(
            host=socket.gethostname(), process=os.getpid(), beats=self._beats, at=datetime.now(UTC)
        )
        self._store.write(self._name, shown.model_dump_json().encode())
        self._renewed = _clocks()

    def _others(self) -> dict[str, _Shown]:
        found = _claims(self._store, self._store.entries())
        return {name: one for name, one in found.items() if name != self._name}

    def _taken(self, others: Mapping[str, _Shown]) -> LeaderboardError:
        return LeaderboardError(
            self._store.place, "a sweep that nobody is running", f"{_who(others)} at work"
        )


@contextmanager
def repeated(action: Callable[[], object], every: float) -> Iterator[None]:
    """Do something every few seconds meanwhile, in a thread; what fails is tried again the next time."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(every):
            with suppress(StoreError):
                action()

    thread = threading.Thread(target=go_on, name=__name__, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.time()


def _claims(store: Store, entries: Mapping[str, Entry]) -> dict[str, _Shown]:
    found = {}
    for name in filter(is_claim, entries):
        with suppress(FileNotFoundError):  # it was given up just now
            found[name] = _shown(store.read(name))
    return found


def _shown(content: bytes) -> _Shown:
    """What is no claim of ours counts as one, by which nobody shows."""
    try:
        return _Shown.model_validate_json(content)
    except ValidationError:
        return _Shown()


def _who(claims: Mapping[str, _Shown]) -> str:
    one = next(iter(claims.values()))
    return f"process {one.process} on {one.host}"
