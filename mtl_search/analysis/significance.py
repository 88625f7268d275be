"""How sure a mean or a difference over seeds is: intervals, a paired test, Holm's correction, verdicts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

__all__ = [
    "ALPHA",
    "Estimate",
    "Verdict",
    "estimate",
    "estimate_of_rows",
    "holm",
    "jackknife_variance",
    "level_of",
    "overall",
    "t_test",
    "verdict",
]

ALPHA = 0.05  # the chance of a false finding, of a family of tests

_EQUAL = 1e-9  # a spread this small against the values is rounding: the runs did not differ


class Verdict(StrEnum):
    """What a comparison allows to say."""

    BETTER = "better"
    WORSE = "worse"
    NONE = "no difference shown"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds with its standard deviation, interval, and the p-value of its being zero.

    What ``n`` values cannot tell is NaN: of one seed, everything but the mean.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    p: float


def level_of(reading: int) -> float:
    """The significance level of the ``reading``-th time that test is read: `ALPHA`, then half of the last.

    What is trained after test was known may owe something to it. All readings together then find something
    false with a chance of less than twice `ALPHA`, however often test is read.
    """
    return ALPHA * 0.5 ** (reading - 1)


def estimate(
    values: ArrayLike, sampling_variance: float = 0.0, groups: int = 0, *, alpha: float = ALPHA
) -> Estimate:
    """The mean of ``values``, one a seed, by Student's t: a two-sided one-sample test and interval.

    The interval is at level ``1 - alpha``.

    Given the differences of two designs trained on the same seeds, this is the paired t test. It assumes
    independent seeds and roughly normal differences, which for means over tasks is mild.

    Seeds tell how much training scatters, not how much depends on the rows that happen to be in test: a
    difference that every seed repeats may still be one of this test set. ``sampling_variance`` is the
    variance of the mean over test sets, estimated by a jackknife over ``groups`` groups of rows; it is added
    to that over seeds, with Satterthwaite's degrees of freedom. If those make up for the larger variance,
    the test over seeds alone stands: more noise never makes a result surer.

    Values that do not differ at all leave no spread to test with. If they are zero, p is 1; else p is that
    of the exact sign test (2 ** (1 - n)), the interval has no width, and five seeds prove nothing.
    NaN values are left out.

    >>> estimate([1.0, 2.0, 3.0]).mean
    2.0
    """
    kept = np.asarray(values, dtype=float)
    kept = kept[np.isfinite(kept)]
    n = len(kept)
    if n == 0:
        return Estimate(0, *[math.nan] * 5)
    mean = float(kept.mean())
    if n == 1:
        return Estimate(1, mean, *[math.nan] * 4)
    sd = float(kept.std(ddof=1))
    if sd <= _EQUAL * np.abs(kept).max():
        sd = 0.0
    of_seeds, of_rows = (sd**2 / n, n - 1), (sampling_variance, groups - 1)
    tests = [t_test(mean, of_seeds, alpha=alpha)] if sd else [(0.0, 2.0 ** (1 - n) if mean else 1.0)]
    if sampling_variance:
        tests.append(t_test(mean, of_seeds, of_rows, alpha=alpha))
    reach, p = max(reach for reach, _ in tests), max(p for _, p in tests)
    return Estimate(n, mean, sd, mean - reach, mean + reach, p)


def estimate_of_rows(
    value: float, sampling_variance: float, groups: int, *, alpha: float = ALPHA
) -> Estimate:
    """A single value, whose interval holds the sampling of test units alone (see `estimate`).

    NaN, except for the value, if nothing is known of that.
    """
    if not sampling_variance:
        return Estimate(1, value, *[math.nan] * 4)
    reach, p = t_test(value, (sampling_variance, groups - 1), alpha=alpha)
    return Estimate(1, value, math.nan, value - reach, value + reach, p)


def t_test(mean: float, *parts: tuple[float, int], alpha: float = ALPHA) -> tuple[float, float]:
    """Half the interval's width, and two-sided p, of a mean whose variance is the sum of ``parts``.

    Each is a variance with its degrees of freedom, which Satterthwaite's formula makes one.
    """
    variance = sum(v for v, _ in parts)
    freedom = 1 / sum((v / variance) ** 2 / df for v, df in parts if v)
    t, error = stats.t(df=freedom), math.sqrt(variance)
    return float(t.ppf(1 - alpha / 2)) * error, float(2 * t.sf(abs(mean) / error))


def jackknife_variance(replicates: ArrayLike) -> float:
    """The variance of a statistic from its values with each group of rows left out in turn.

    The delete-a-group jackknife (Shao and Tu 1995, section 5.5); groups of nearly equal size. Zero where
    fewer than two replicates are finite: then nothing is known of the sampling of test rows.
    """
    kept = np.asarray(replicates, dtype=float)
    kept = kept[np.isfinite(kept)]
    if len(kept) < 2:
        return 0.0
    return float((len(kept) - 1) * kept.var())


def holm(p_values: ArrayLike) -> list[float]:
    """Holm's step-down correction (1979) of the p-values of one family.

    Findings at 0.05 then contain a false one with a chance of at most 5 %. NaN stays NaN and does not count.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p: NDArray[np.float64] = np.asarray(p_values, dtype=float)
    defined = np.flatnonzero(np.isfinite(p))
    ordered = defined[np.argsort(p[defined], kind="stable")]
    factors = np.arange(len(ordered), 0, -1)
    corrected = p.copy()
    corrected[ordered] = np.minimum(np.maximum.accumulate(p[ordered] * factors), 1.0)
    return [float(value) for value in corrected]


def verdict(difference: float, p: float, alpha: float = ALPHA) -> Verdict:
    """What ``difference`` (positive is better) with corrected p-value ``p`` shows; NaN shows nothing."""
    if not p < alpha:
        return Verdict.NONE
    return Verdict.BETTER if difference > 0 else Verdict.WORSE


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict over several references: better than all of them, or worse than one.

    >>> overall([Verdict.BETTER, Verdict.NONE]).value
    'no difference shown'
    """
    if Verdict.WORSE in verdicts:
        return Verdict.WORSE
    return Verdict.BETTER if verdicts and set(verdicts) == {Verdict.BETTER} else Verdict.NONE
