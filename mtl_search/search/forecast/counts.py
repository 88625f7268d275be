"""How many trainings there will be: exact where results do not decide it, else a range."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, final

from typing_extensions import override

from mtl_search.errors import Mismatch

__all__ = ["Count", "Part", "Step", "TrialPlan"]


class Step(StrEnum):
    """What a sweep trains, in this order; catch-up and replication take turns."""

    SEARCH = "search"
    CATCH_UP = "catch-up"
    REPLICATION = "replication"
    CONFIRMATION = "confirmation"


@final
@dataclass(frozen=True, slots=True)
class Count:
    """So many are ``expected``, and hardly fewer than ``low`` or more than ``high``.

    >>> str(Count.exactly(30)), str(Count(24, 48, 90)), str(Count.exactly(30) + Count(0, 8, 10))
    ('30', 'about 48 (24 to 90)', 'about 38 (30 to 40)')
    """

    low: int
    expected: int
    high: int

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.expected <= self.high:
            raise Mismatch("0 <= low <= expected <= high", f"{self.low}, {self.expected}, {self.high}")

    @classmethod
    def exactly(cls, number: int) -> Self:
        """That many, whatever comes."""
        return cls(number, number, number)

    @classmethod
    def about(cls, low: float, expected: float, high: float) -> Self:
        """Rounded, and ``expected`` kept within the range."""
        low_, high_ = round(low), max(round(low), round(high))
        return cls(low_, min(max(round(expected), low_), high_), high_)

    def __add__(self, other: "Count") -> "Count":
        return Count(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def __mul__(self, times: int) -> "Count":
        return Count(self.low * times, self.expected * times, self.high * times)

    @property
    def is_exact(self) -> bool:
        """Whether results do not change it."""
        return self.low == self.high

    @override
    def __str__(self) -> str:
        return str(self.low) if self.is_exact else f"about {self.expected} ({self.low} to {self.high})"


@final
@dataclass(frozen=True, slots=True)
class Part:
    """The trainings of an arm's networks in one step."""

    step: Step
    arm: str
    count: Count


@final
@dataclass(frozen=True, slots=True)
class TrialPlan:
    """All that a sweep trains, by step and arm."""

    parts: tuple[Part, ...]

    @property
    def total(self) -> Count:
        """Of all steps."""
        return _sum(part.count for part in self.parts)

    def of(self, step: Step) -> Count:
        """Of one step."""
        return _sum(part.count for part in self.parts if part.step is step)

    def at(self, step: Step, arm: str) -> Count:
        """Of one arm in a step."""
        return _sum(part.count for part in self.within(step) if part.arm == arm)

    def within(self, step: Step) -> tuple[Part, ...]:
        """The parts of a step."""
        return tuple(part for part in self.parts if part.step is step)


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, start=Count.exactly(0))
