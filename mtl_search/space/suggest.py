"""Who answers what value a parameter takes: a protocol that ``optuna.Trial`` fits, and simple answerers."""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Protocol, final

from typing_extensions import override

__all__ = ["FixedSuggest", "RandomSuggest", "Scalar", "Suggest"]

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


@final
class RandomSuggest(Suggest):
    """Draws evenly within each range, on the log scale if the range has one.

    >>> RandomSuggest(random.Random(0)).suggest_int("width", 64, 256, step=64)
    256
    """

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator

    @override
    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        if step is not None:
            return min(low + step * self._generator.randint(0, round((high - low) / step)), high)
        if log:
            return min(max(math.exp(self._generator.uniform(math.log(low), math.log(high))), low), high)
        return self._generator.uniform(low, high)

    @override
    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        if log:
            # each integer owns the half unit on both sides of it
            drawn = math.exp(self._generator.uniform(math.log(low - 0.5), math.log(high + 0.5)))
            return min(max(round(drawn), low), high)
        return self._generator.randrange(low, high + 1, step)

    @override
    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Scalar:
        return self._generator.choice(choices)


@final
class FixedSuggest(Suggest):
    """Answers from ``values`` by name; other parameters are at their low end, or their first choice.

    ValueError if a value is outside of the range that it is asked for.
    """

    def __init__(self, values: Mapping[str, Scalar]) -> None:
        self._values = values

    @override
    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        return float(self._within(name, low, high))

    @override
    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        return int(self._within(name, low, high))

    @override
    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Scalar:
        value = self._values.get(name, choices[0])
        if value not in choices:
            raise ValueError(f"{name}: expected one of {list(choices)}, found {value!r}")
        return value

    def _within(self, name: str, low: float, high: float) -> float:
        value = self._values.get(name, low)
        if isinstance(value, str) or value is None or not low <= value <= high:
            raise ValueError(f"{name}: expected {low} to {high}, found {value!r}")
        return value
