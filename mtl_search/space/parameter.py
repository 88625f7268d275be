"""What a sampler is asked for: a name and a range of numbers or choices."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import final

from mtl_search.errors import Mismatch
from mtl_search.space.suggest import Scalar, Suggest
from mtl_search.space.wording import show

__all__ = ["Categorical", "FloatRange", "IntRange", "Parameter", "Range"]

MOST_CHOICES = 1000  # each is tried once when a sweep file is read


@final
@dataclass(frozen=True, slots=True)
class FloatRange:
    """Numbers from ``low`` to ``high``, both included; even on the log scale, or in steps.

    >>> print(FloatRange(1e-4, 1e-2, log=True))
    0.0001 to 0.01, log
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        _check(self, _is_number, "numbers")
        if self.log and self.step is not None:
            raise Mismatch("log or step, not both", f"step {show(self.step)} with log: true")
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))

    def __str__(self) -> str:
        return f"{show(self.low)} to {show(self.high)}{_manner(self.log, self.step)}"

    def __contains__(self, value: object) -> bool:
        """Whether it can be asked for."""
        if not _is_number(value) or not self.low <= value <= self.high:  # type: ignore[operator]
            return False
        return self.step is None or (_exact(float(value)) - _exact(self.low)) % _exact(self.step) == 0  # type: ignore[arg-type]

    @property
    def probes(self) -> tuple[float, ...]:
        """Both ends, and a value between them that is no whole number if the range has one."""
        inner = self.low + self.step if self.step else self.low + (self.high - self.low) / math.e
        return self.low, self.high, inner

    def ask(self, trial: Suggest, name: str) -> float:
        """The value that ``trial`` gives."""
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)


@final
@dataclass(frozen=True, slots=True)
class IntRange:
    """Whole numbers from ``low`` to ``high``, both included; even on the log scale, or in steps.

    >>> print(IntRange(32, 256, step=32))
    32 to 256, step 32
    """

    low: int
    high: int
    log: bool = False
    step: int = 1

    def __post_init__(self) -> None:
        _check(self, _is_int, "whole numbers")
        if self.log and self.step != 1:
            raise Mismatch("log or step, not both", f"step {self.step} with log: true")

    def __str__(self) -> str:
        return f"{self.low} to {self.high}{_manner(self.log, self.step if self.step > 1 else None)}"

    def __contains__(self, value: object) -> bool:
        """Whether it can be asked for."""
        return _is_int(value) and value in self.values

    @property
    def probes(self) -> tuple[int, ...]:
        """Both ends."""
        return self.low, self.high

    @property
    def values(self) -> Sequence[int]:
        """All of them."""
        return range(self.low, self.high + 1, self.step)

    @property
    def count(self) -> int:
        """How many there are, of which ``len`` knows no more than a machine can hold."""
        return (self.high - self.low) // self.step + 1

    def ask(self, trial: Suggest, name: str) -> int:
        """The value that ``trial`` gives."""
        return trial.suggest_int(name, self.low, self.high, step=self.step, log=self.log)


@final
@dataclass(frozen=True, slots=True)
class Categorical:
    """One of a few choices without order; scalars, since Optuna stores nothing else.

    >>> print(Categorical(("relu", "gelu")))
    one of 'relu', 'gelu'
    """

    choices: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not self.choices:
            raise Mismatch("at least one choice", "none")
        for choice in self.choices:
            if not isinstance(choice, str | int | float | bool | None):
                raise Mismatch("each choice to be text, a number, true, false or null", show(choice))
        if len(self.choices) > MOST_CHOICES:
            raise Mismatch(f"at most {MOST_CHOICES} choices", f"{len(self.choices)}")
        if twice := [c for index, c in enumerate(self.choices) if c in self.choices[:index]]:
            raise Mismatch("each choice once", f"{show(twice[0])} more than once")

    def __str__(self) -> str:
        return "one of " + ", ".join(show(choice) for choice in self.choices)

    def __contains__(self, value: object) -> bool:
        """Whether it is one of the choices, of the same type: True is not 1."""
        return any(value == choice and type(value) is type(choice) for choice in self.choices)

    @property
    def probes(self) -> tuple[Scalar, ...]:
        """Every choice."""
        return self.choices

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.choices)

    def ask(self, trial: Suggest, name: str) -> Scalar:
        """The choice that ``trial`` gives."""
        return trial.suggest_categorical(name, self.choices)


Range = FloatRange | IntRange | Categorical


@final
@dataclass(frozen=True, slots=True)
class Parameter:
    """A range under the name that a sampler knows it by.

    ``conditions``: the values of other parameters with which alone it is asked for.

    >>> p = Parameter("weighting.stch.mu", FloatRange(0.1, 1), (("weighting.name", "stch"),))
    >>> p.text, p.when
    ('0.1 to 1.0', "weighting.name = 'stch'")
    """

    name: str
    range: Range
    conditions: tuple[tuple[str, Scalar], ...] = ()

    @property
    def text(self) -> str:
        """The range in words."""
        return str(self.range)

    @property
    def when(self) -> str:
        """The conditions in words, empty if there are none."""
        return " and ".join(f"{name} = {show(value)}" for name, value in self.conditions)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check(span: "FloatRange | IntRange", is_valid: Callable[[object], bool], numbers: str) -> None:
    """Mismatch if the ends, the scale or the step cannot be."""
    low, high, step = span.low, span.high, span.step
    if not (is_valid(low) and is_valid(high)):
        raise Mismatch(f"[low, high], two {numbers}", show([low, high]))
    if low >= high:
        raise Mismatch("low < high", show([low, high]))
    if not isinstance(span.log, bool):
        raise Mismatch("log: true or false", show(span.log))
    if span.log and low <= 0:
        raise Mismatch("low above 0 on the log scale", show([low, high]))
    if step is None and isinstance(span, FloatRange):
        return
    if step is None or not is_valid(step) or step <= 0:
        raise Mismatch("a step above 0" if numbers == "numbers" else "a whole step above 0", show(step))
    if (_exact(high) - _exact(low)) % _exact(step):
        found = f"{show([low, high])} with step {show(step)}"
        raise Mismatch("a whole number of steps from low to high", found)


def _exact(value: float) -> Fraction:
    """The decimal number that was written, so that 0.3 is three steps of 0.1."""
    return Fraction(repr(value))


def _manner(log: bool, step: float | None) -> str:
    return (", log" if log else "") + (f", step {show(step)}" if step is not None else "")
