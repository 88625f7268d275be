"""Budgets: from the least that gives an answer to more than is needed, and the one that fits a time."""

from collections.abc import Callable, Mapping
from itertools import pairwise

__all__ = ["LEAST", "fitting", "usual_budget"]

STEPS = (6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512)
LEAST = {"trials": 4, "reference_trials": 2, "repeats": 1, "finalists": 1, "seeds": 2}
FIRM = 10  # reference trials, with which verdicts are no longer provisional

Budget = Mapping[str, float]


def usual_budget(tasks: int) -> Budget:
    """What is searched if nobody says for how long: more with more tasks, and firm verdicts."""
    return _of(max(24, 6 * tasks))


def fitting(seconds: float, expected: Callable[[Budget], float]) -> Budget | None:
    """The largest budget that is expected to take no longer; None if the least takes longer."""
    ladder = [LEAST, *map(_of, STEPS)]
    if expected(ladder[0]) > seconds:
        return None
    for smaller, larger in pairwise(ladder):
        if expected(larger) > seconds:
            return smaller
    return ladder[-1]


def _of(trials: int) -> Budget:
    """A budget whose parts grow together: until references are tuned, seeds are few."""
    reference = min(12, max(3, trials // 2))
    firm = reference >= FIRM
    return {
        "trials": trials,
        "reference_trials": reference,
        "repeats": 2 if firm else 1,
        "finalists": 3 if firm else 1,
        "seeds": 5 if trials >= 24 else 3 if firm else 2,
    }
