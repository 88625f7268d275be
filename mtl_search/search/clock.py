"""Clock: when something began, and how long ago that is, whatever becomes of the calendar meanwhile."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

__all__ = ["Start"]


@dataclass(frozen=True, slots=True)
class Start:
    """A moment on the calendar (``at``) and on the clock that only ever goes on (``tick``).

    A calendar is set back and forth, and budgets of time are shared by how long trials took: so an end is the
    start and what the steady clock says has passed.
    """

    at: datetime
    tick: float

    @classmethod
    def now(cls) -> Self:
        """This moment."""
        return cls(datetime.now(UTC), time.monotonic())

    @property
    def seconds(self) -> float:
        """How long ago it is."""
        return time.monotonic() - self.tick

    @property
    def end(self) -> datetime:
        """Now, as the calendar would have it that was right at the start."""
        return self.at + timedelta(seconds=self.seconds)
