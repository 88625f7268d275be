"""Predictions: what was said of the end, to be held against it."""

import math
from typing import final

__all__ = ["Predictions"]

APART = 0.01  # of the time so far, between two that are kept


@final
class Predictions:
    """What a run's whole time was expected to be, as time went on.

    >>> said = Predictions()
    >>> for seconds, left in [(10.0, 80.0), (30.0, 90.0), (60.0, 40.0)]:
    ...     said.note(seconds, left)
    >>> said.at_a_third(120.0), said.at_a_third(15.0)
    (120.0, None)
    """

    def __init__(self) -> None:
        self._said: list[tuple[float, float]] = []  # when, and the whole time

    def note(self, seconds: float, left: float) -> None:
        """After ``seconds`` so much more was expected."""
        last = self._said[-1][0] if self._said else -math.inf
        if seconds - last > APART * seconds:
            self._said.append((seconds, seconds + left))

    def at_a_third(self, whole: float) -> float | None:
        """What was expected when a third of ``whole`` had passed; None if nothing was said until then."""
        return next((total for when, total in reversed(self._said) if when <= whole / 3), None)
