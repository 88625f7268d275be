"""How much each effect counts, fitted to what was measured by its marginal likelihood."""

# M measured sets, T tasks, F features with shared weights, m rows of one task

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from mtl_search.grouping.surrogate.effects import ABSENT, NOISE, REACH, SHARED, TRIAL, Effects
from mtl_search.grouping.surrogate.known import Known
from mtl_search.grouping.surrogate.posterior import divide, solve

__all__ = ["fit_effects", "likelihood"]

Floats = npt.NDArray[np.float64]

STRAYS = 1.5  # standard deviation of a log variance around where it starts
MOST, LEAST = 4.0, -9.0  # bounds of the log variances


def fit_effects(known: Known, begin: Effects, *, steps: int = 10) -> Effects:
    """The effects under which the measurements are most likely, held near where they begin (type-II MAP).

    What is absent from the beginning stays absent.
    """
    start = np.array(begin.vector)
    if not any(data is not None for data in known.tasks):
        return begin
    free = start > ABSENT

    def loss(vector: Floats) -> tuple[float, Floats]:
        value, slope = likelihood(known, _clipped(vector, free))
        apart = (vector - start) / STRAYS
        return value + 0.5 * float(apart @ apart), np.where(free, slope + apart / STRAYS, 0.0)

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return _clipped(found.x, free)


def _clipped(vector: Floats, free: npt.NDArray[np.bool_]) -> Effects:
    return Effects(tuple(np.where(free, np.clip(vector, LEAST, MOST), vector).tolist()))


def likelihood(known: Known, effects: Effects) -> tuple[float, Floats]:
    """Minus the log marginal likelihood, and its slope in each entry of the effects' vector.

    Several trainings of one set differ by what is no effect of the set: by their own luck, for each task, and
    by that of the training. So that the one is not taken for the other, how far they are apart counts too.
    """
    solved, n_shared = solve(known, effects), len(SHARED)
    inverse_FF = divide(solved.root_FF, np.eye(len(solved.root_FF)))
    certain_F = 1 - (inverse_FF**2).sum(axis=0) - solved.weights_F**2
    slope = np.zeros(len(effects.vector))
    slope[:n_shared] = 0.5 * np.bincount(known.groups_F[solved.kept], certain_F, minlength=n_shared)
    *weights, detail = effects.own.values()
    for data, part in zip(known.tasks, solved.tasks, strict=True):
        if data is None:
            continue
        pull_mm, residual_m = part.left_out(inverse_FF, solved.weights_F)
        pull_mm -= np.outer(residual_m, residual_m)
        for place, (weight, kernel) in enumerate(
            zip(weights, data.kernel.parts, strict=True), start=n_shared
        ):
            slope[place] += 0.5 * weight * (pull_mm * kernel).sum()
        pulled_mm = pull_mm * data.kernel.detail(effects)
        slope[NOISE - 1] += 0.5 * detail * pulled_mm.sum()
        slope[NOISE] += 0.5 * effects.noise * (np.diag(pull_mm) * data.noise_m).sum()
        slope[REACH] += 0.5 * detail * (1 - effects.reach) * (pulled_mm * data.kernel.apart_AB).sum()
    again, apart = known.repeats
    if not again:
        return solved.loss, slope
    parts = [NOISE] if known.groups_F[-1] < TRIAL else [NOISE, TRIAL]
    variances = np.exp(np.array(effects.vector)[parts])
    variance = variances.sum()
    slope[parts] += 0.5 * (again / variance - apart / variance**2) * variances
    return solved.loss + 0.5 * (again * np.log(variance) + apart / variance), slope
