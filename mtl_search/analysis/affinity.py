"""Which tasks help which: the gain of a task when another is trained with it against without."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from mtl_search.analysis.frames import default_gains, networks_searched
from mtl_search.analysis.significance import holm

__all__ = ["affinity"]

# N trials that contain the task, P companions and the intercept

_COLUMNS = ["task", "companion", "effect", "se", "low", "high", "p", "p_holm", "n_with", "n_without"]
_WILD = 5.0  # robust standard deviations from the median: beyond, a training failed and shows nothing
_ROBUST_SD = 1.4826  # median absolute deviation to standard deviation, of a normal distribution


def affinity(
    trials: pd.DataFrame, metrics: pd.DataFrame, tasks: pd.DataFrame, *, level: float = 0.95
) -> pd.DataFrame:
    """The effect of each companion on each task, estimated from the networks of a search.

    One row for each ordered pair: ``task``, ``companion``, ``effect`` (percentage points of gain with the
    companion against without, the other companions held fixed), ``se``, ``low``, ``high`` (a t interval),
    ``p`` (that it is zero), ``p_holm`` (by Holm over all pairs), ``n_with``, ``n_without`` (trials).

    Least squares of the task's gain on which companions were there (the additive model that Standley et al.
    2020 found to predict larger sets from pairs). Everything else that differed between the trials counts as
    noise, so a search with few trials has wide intervals. NaN if the trials cannot tell a companion's
    effect from others' (always together, or never apart), or leave no degree of freedom. Gains more than 5
    robust standard deviations from the task's median are cut off there: one diverged training is no evidence.
    """
    gains = default_gains(metrics)
    members = networks_searched(trials).set_index("trial_id")["members"]
    names = sorted(tasks["task"])
    there = pd.DataFrame(
        {name: [name in set(m) for m in members] for name in names}, index=members.index, dtype=bool
    )
    rows = [
        {"task": task, **row}
        for task in names
        for row in _effects(task, [name for name in names if name != task], there, gains, level)
    ]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return frame.assign(p_holm=holm(frame["p"].to_numpy(dtype=float)))


def _effects(
    task: str, companions: list[str], there: pd.DataFrame, gains: pd.DataFrame, level: float
) -> list[dict[str, object]]:
    """The rows of one task."""
    own = there.index[there[task]].intersection(gains.index)
    gain = gains.loc[own, task].dropna() if task in gains else pd.Series(dtype=float)
    with_NP = there.loc[gain.index, companions].to_numpy(dtype=float)
    effect_P, se_P, freedom = _least_squares(with_NP, _tamed(gain.to_numpy(dtype=float)))
    reach = stats.t.ppf(0.5 + level / 2, freedom) if freedom else math.nan
    return [
        {
            "companion": companion,
            "effect": effect,
            "se": se,
            "low": effect - reach * se,
            "high": effect + reach * se,
            "p": float(2 * stats.t.sf(abs(effect) / se, freedom)) if freedom and se > 0 else math.nan,
            "n_with": int(with_NP[:, p].sum()),
            "n_without": int((1 - with_NP[:, p]).sum()),
        }
        for p, (companion, effect, se) in enumerate(zip(companions, effect_P, se_P, strict=True))
    ]


def _tamed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``values`` with those far from the median moved to the edge of what is plausible."""
    if len(values) == 0:
        return values
    middle = np.median(values)
    reach = _WILD * _ROBUST_SD * np.median(np.abs(values - middle))
    return values if reach == 0 else np.clip(values, middle - reach, middle + reach)


def _least_squares(
    x_NP: NDArray[np.float64], y_N: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Coefficients besides an intercept, their standard errors, and the degrees of freedom.

    A coefficient that the rows do not determine is NaN: its unit vector is not in their row space.
    """
    n, p = x_NP.shape
    undefined = np.full(p, np.nan)
    design = np.column_stack([np.ones(n), x_NP])
    if n == 0:
        return undefined, undefined, 0
    rank = int(np.linalg.matrix_rank(design))
    inverse = np.linalg.pinv(design)
    determined = np.isclose(np.diag(inverse @ design), 1.0)[1:]
    coefficients = np.where(determined, (inverse @ y_N)[1:], np.nan)
    freedom = n - rank
    if freedom == 0:
        return coefficients, undefined, 0
    residual = y_N - design @ (inverse @ y_N)
    errors = np.sqrt(residual @ residual / freedom * np.diag(inverse @ inverse.T))[1:]
    return coefficients, np.where(determined, errors, np.nan), freedom
