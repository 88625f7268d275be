"""Pace: how often work that is never urgent may be done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

__all__ = ["Pace"]


@final
class Pace:
    """Lets something be done as often as it costs at most ``share`` of the time, and ``credit`` seconds.

    The credit lets a short sweep be up to date from its first trial on.
    """

    def __init__(self, *, share: float = 0.02, credit: float = 0.5) -> None:
        self._share, self._credit = share, credit
        self._began, self._spent, self._last = time.monotonic(), 0.0, 0.0

    def allows(self) -> bool:
        """Whether there is time to do it now, if it takes as long as it did the last time."""
        allowed = self._credit + self._share * (time.monotonic() - self._began)
        return self._spent + self._last <= allowed

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Do it within this."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._last = time.monotonic() - began
            self._spent += self._last
