"""Who answers what value a parameter takes: a protocol that ``optuna.Trial`` fits, and simple answerers."""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Protocol

__all__ = ["FixedSuggest", "LowSuggest", "RandomSuggest", "Scalar", "Suggest"]

Scalar = str | int | float | bool | None


class Suggest(Protocol):
    """Gives a value for each named parameter; both ends of a range are included."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number from ``low`` to ``high``, in steps from ``low`` if there is a ``step``."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """A whole number from ``low`` to ``high``, in steps from ``low``."""

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Scalar:
        """One of ``choices``."""


class LowSuggest:
    """Answers with the low end, or the first choice."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """The low end."""
        return low

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """The low end."""
        return low

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Scalar:
        """The first choice."""
        return choices[0]


class RandomSuggest:
    """Draws evenly within each range, on the log scale where the range has one.

    >>> RandomSuggest(random.Random(0)).suggest_int("width", 64, 256, step=64)
    256
    """

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number drawn from the range."""
        if step is not None:
            return min(low + step * self._generator.randint(0, round((high - low) / step)), high)
        if log:
            return min(max(math.exp(self._generator.uniform(math.log(low), math.log(high))), low), high)
        return self._generator.uniform(low, high)

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """A whole number drawn from the range."""
        if log:
            # each integer owns the half unit on both sides of it
            drawn = math.exp(self._generator.uniform(math.log(low - 0.5), math.log(high + 0.5)))
            return min(max(round(drawn), low), high)
        return self._generator.randrange(low, high + 1, step)

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Scalar:
        """A choice drawn evenly."""
        return self._generator.choice(choices)


class FixedSuggest:
    """Answers from ``values`` by name, and asks ``otherwise`` for names that are not there.

    ValueError where a value is outside of the range it is asked for.
    """

    def __init__(self, values: Mapping[str, Scalar], otherwise: Suggest | None = None) -> None:
        self._values, self._otherwise = values, otherwise or LowSuggest()

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """The value given for ``name``."""
        if name not in self._values:
            return self._otherwise.suggest_float(name, low, high, step=step, log=log)
        return float(_within(name, self._values[name], low, high))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """The value given for ``name``."""
        if name not in self._values:
            return self._otherwise.suggest_int(name, low, high, step=step, log=log)
        return int(_within(name, self._values[name], low, high))

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Scalar:
        """The value given for ``name``."""
        if name not in self._values:
            return self._otherwise.suggest_categorical(name, choices)
        if self._values[name] not in choices:
            raise ValueError(f"{name}: expected one of {list(choices)}, found {self._values[name]!r}")
        return self._values[name]


def _within(name: str, value: Scalar, low: float, high: float) -> float:
    if isinstance(value, str) or value is None or not low <= value <= high:
        raise ValueError(f"{name}: expected {low} to {high}, found {value!r}")
    return value
