"""Pace: how often work that is never urgent may be done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

__all__ = ["Pace"]

SHARE = 0.02  # of the time
CREDIT = 0.5  # seconds


@final
class Pace:
    """Lets something be done as often as it costs at most `SHARE` of the time, and `CREDIT` seconds.

    The credit lets a short sweep be up to date from its first trial on.
    """

    def __init__(self) -> None:
        self._began, self._spent, self._last = time.monotonic(), 0.0, 0.0

    def allows(self) -> bool:
        """Whether there is time to do it now, if it takes as long as it did the last time."""
        allowed = CREDIT + SHARE * (time.monotonic() - self._began)
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
