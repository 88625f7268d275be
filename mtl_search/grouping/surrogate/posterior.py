"""What measured sets of tasks say of all others: a Gaussian process over member sets, for all tasks.

The gain of a task in a set is the sum of the effects of `mtl_search.grouping.surrogate.effects`. Given the
weights of the shared effects the tasks are independent, so the exact posterior of all of them costs one small
factorisation for each task and one for the weights; factorising all (task, set) pairs together would cost
a hundred times that.
"""

# M measured sets, C candidate sets, T tasks, F features with shared weights, m and c rows of one task

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from mtl_search.grouping.surrogate.effects import (
    NOISE,
    REACH,
    SHARED,
    Effects,
    OwnKernel,
    own_variance,
    shared_features,
    shared_groups,
    shared_mean,
)

__all__ = ["SetPosterior", "fit_effects"]

Floats = npt.NDArray[np.float64]

PRIOR_ROWS = 4.0  # how many measurements the scale that all tasks share counts for, in the scale of one
JITTER = 1e-5
STRAYS = 1.5  # standard deviation of a log variance around where it starts
MOST, LEAST = 4.0, -9.0  # bounds of the log variances


@final
class SetPosterior:
    """The gains of every task in every set, given those measured in some sets.

    ``members_MT`` holds 0 and 1; ``gains_MT`` percent, NaN if a task has no gain; ``times_M`` how many
    trainings a row is the mean of. Gains are scaled for each task, as one may move by ten percent and
    another by one. ``affinity_TT`` as `standard_affinity` gives it, None if it was not measured.

    >>> members = np.array([[1.0, 1, 0], [1, 0, 1], [0, 1, 1]])
    >>> gains = np.where(members > 0, [[8.0, 8, 0], [-8, 0, -8], [0, 1, 1]], np.nan)
    >>> mean, deviation = SetPosterior(members, gains, np.ones(3)).predict(members)
    >>> bool(mean[0, 0] > 2 > -2 > mean[1, 0]), bool(np.isnan(mean[0, 2]))
    (True, True)
    """

    def __init__(
        self,
        members_MT: Floats,
        gains_MT: Floats,
        times_M: Floats,
        effects: Effects | None = None,
        affinity_TT: Floats | None = None,
    ) -> None:
        self.effects = effects or Effects()
        self._evidence = _Evidence.gather(members_MT, gains_MT, times_M, affinity_TT)
        self._solved = _solve(self._evidence, self.effects)

    @property
    def noise_T(self) -> Floats:
        """The standard deviation of one measurement around what its set achieves, in percent."""
        return np.asarray(np.sqrt(self.effects.noise) * self._evidence.scale_T)

    def predict(self, members_CT: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of what each set achieves for each member, NaN for other tasks."""
        mean_CT, deviation_CT = np.full((2, *members_CT.shape), np.nan)
        for task in range(members_CT.shape[1]):
            rows = np.flatnonzero(members_CT[:, task])
            if rows.size:
                part = self._conditional(members_CT[rows], task)
                spread_Fc = _divide(self._solved.root_FF, part.features_cF.T)
                variance_c = own_variance(members_CT[rows], task, self.effects) - (part.known_mc**2).sum(
                    axis=0
                )
                mean_CT[rows, task] = part.mean_c + part.features_cF @ self._solved.weights_F
                deviation_CT[rows, task] = np.sqrt(
                    np.maximum(variance_c + (spread_Fc**2).sum(axis=0), JITTER)
                )
        return mean_CT * self._evidence.scale_T, deviation_CT * self._evidence.scale_T

    def draw(self, members_CT: Floats, rng: np.random.Generator) -> Floats:
        """One draw of the gains in all these sets together, NaN for other tasks."""
        drawn_CT = np.full(members_CT.shape, np.nan)
        root_FF, weights_F = self._solved.root_FF, self._solved.weights_F
        spread_F = rng.standard_normal(len(weights_F))
        weights_F = weights_F + solve_triangular(root_FF, spread_F, lower=True, trans=1, check_finite=False)
        for task in range(members_CT.shape[1]):
            rows = np.flatnonzero(members_CT[:, task])
            if rows.size:
                part, members_cT = self._conditional(members_CT[rows], task), members_CT[rows]
                covariance_cc = OwnKernel(members_cT, members_cT, task).weighed(self.effects)
                covariance_cc += JITTER * np.eye(len(rows)) - part.known_mc.T @ part.known_mc
                own_c = cholesky(covariance_cc, lower=True) @ rng.standard_normal(len(rows))
                drawn_CT[rows, task] = part.mean_c + part.features_cF @ weights_F + own_c
        return drawn_CT * self._evidence.scale_T

    def _conditional(self, members_cT: Floats, task: int) -> "_Conditional":
        """The gains of a task in some sets, given the shared weights: what is left of them to say."""
        known, n_trials = self._evidence, len(self._evidence.members_MT)
        features_cF = shared_features(
            members_cT, task, None, np.ones(len(members_cT)), n_trials, known.affinity_TT
        )
        expected_c = shared_mean(features_cF, known.groups_F)
        features_cF *= np.sqrt(self.effects.shared)[known.groups_F]
        data, (root_mm, seen_mF, seen_m) = known.tasks[task], self._solved.tasks[task]
        if data is None:
            return _Conditional(expected_c, features_cF, np.zeros((0, len(members_cT))))
        across_mc = OwnKernel(known.members_MT[data.rows], members_cT, task).weighed(self.effects)
        known_mc = _divide(root_mm, across_mc)
        return _Conditional(expected_c + known_mc.T @ seen_m, features_cF - known_mc.T @ seen_mF, known_mc)


def fit_effects(
    members_MT: Floats,
    gains_MT: Floats,
    times_M: Floats,
    affinity_TT: Floats | None = None,
    *,
    steps: int = 10,
) -> Effects:
    """The effects under which the measurements are most likely, held near where they start (type-II MAP)."""
    start = np.array(Effects().vector)
    evidence = _Evidence.gather(members_MT, gains_MT, times_M, affinity_TT)
    if not any(data is not None for data in evidence.tasks):
        return Effects()

    def loss(vector: Floats) -> tuple[float, Floats]:
        clipped = Effects(tuple(np.clip(vector, LEAST, MOST).tolist()))
        value, slope = _likelihood(evidence, clipped)
        apart = (vector - start) / STRAYS
        return value + 0.5 * float(apart @ apart), slope + apart / STRAYS

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return Effects(tuple(np.clip(found.x, LEAST, MOST).tolist()))


@dataclass(frozen=True)
class _TaskRows:
    """What was measured of one task: which sets, the gains, and what the effects make of the sets."""

    rows: npt.NDArray[np.intp]
    gains_m: Floats  # less what was expected of them
    noise_m: Floats  # as a share of one measurement's noise
    features_mF: Floats
    kernel: OwnKernel


@dataclass(frozen=True)
class _Evidence:
    """All that was measured, in the units of each task's scale."""

    members_MT: Floats
    scale_T: Floats
    groups_F: npt.NDArray[np.intp]
    tasks: tuple[_TaskRows | None, ...]
    affinity_TT: Floats | None

    @classmethod
    def gather(
        cls, members_MT: Floats, gains_MT: Floats, times_M: Floats, affinity_TT: Floats | None
    ) -> "_Evidence":
        n_sets, n_tasks = members_MT.shape
        together_M = members_MT.sum(axis=1) > 1  # a task on its own gains nothing, whatever its scale
        scale_T = _scales(gains_MT[together_M] if together_M.any() else gains_MT)
        groups_F = shared_groups(n_tasks, n_sets)
        tasks: list[_TaskRows | None] = []
        for task in range(n_tasks):
            rows = np.flatnonzero(~np.isnan(gains_MT[:, task]))
            if not rows.size:
                tasks.append(None)
                continue
            members_mT, times_m = members_MT[rows], times_M[rows]
            features_mF = shared_features(members_mT, task, rows, times_m, n_sets, affinity_TT)
            kernel = OwnKernel(members_mT, members_mT, task)
            gains_m = gains_MT[rows, task] / scale_T[task] - shared_mean(features_mF, groups_F)
            tasks.append(_TaskRows(rows, gains_m, 1 / times_m, features_mF, kernel))
        return cls(members_MT, scale_T, groups_F, tuple(tasks), affinity_TT)


@dataclass(frozen=True)
class _Conditional:
    """Of one task in some sets: the mean without shared weights, what these add, and what is known."""

    mean_c: Floats
    features_cF: Floats
    known_mc: Floats


@dataclass(frozen=True)
class _Solved:
    """The posterior of the shared weights, and of each task what its own part needs for predictions."""

    tasks: tuple[tuple[Floats, Floats, Floats], ...]  # Cholesky root; features and gains divided by it
    root_FF: Floats
    weights_F: Floats
    loss: float  # minus the log marginal likelihood, up to a constant


def _solve(evidence: _Evidence, effects: Effects) -> _Solved:
    weights_F = np.sqrt(effects.shared)[evidence.groups_F]
    precision_FF, pull_F, loss = np.eye(len(weights_F)), np.zeros(len(weights_F)), 0.0
    tasks = []
    for data in evidence.tasks:
        if data is None:
            tasks.append((np.zeros((0, 0)), np.zeros((0, len(weights_F))), np.zeros(0)))
            continue
        covariance_mm = data.kernel.weighed(effects)
        covariance_mm[np.diag_indices(len(data.rows))] += (effects.noise + JITTER) * data.noise_m
        root_mm = cholesky(covariance_mm, lower=True, check_finite=False)
        right = np.hstack([data.features_mF * weights_F, data.gains_m[:, None]])
        right = _divide(root_mm, right)
        seen_mF, seen_m = right[:, :-1], right[:, -1]
        precision_FF += seen_mF.T @ seen_mF
        pull_F += seen_mF.T @ seen_m
        loss += 0.5 * seen_m @ seen_m + np.log(np.diag(root_mm)).sum()
        tasks.append((root_mm, seen_mF, seen_m))
    root_FF = cholesky(precision_FF, lower=True, check_finite=False)
    pulled_F = _divide(root_FF, pull_F)
    loss += np.log(np.diag(root_FF)).sum() - 0.5 * pulled_F @ pulled_F
    posterior_F = solve_triangular(root_FF, pulled_F, lower=True, trans=1, check_finite=False)
    return _Solved(tuple(tasks), root_FF, posterior_F, float(loss))


def _likelihood(evidence: _Evidence, effects: Effects) -> tuple[float, Floats]:
    """Minus the log marginal likelihood, and its slope in each entry of the effects' vector."""
    solved, n_shared = _solve(evidence, effects), len(SHARED)
    inverse_FF = _divide(solved.root_FF, np.eye(len(solved.root_FF)))
    certain_F = 1 - (inverse_FF**2).sum(axis=0) - solved.weights_F**2
    slope = np.zeros(len(effects.vector))
    slope[:n_shared] = 0.5 * np.bincount(evidence.groups_F, certain_F, minlength=n_shared)
    *weights, detail = effects.own.values()
    for data, (root_mm, seen_mF, seen_m) in zip(evidence.tasks, solved.tasks, strict=True):
        if data is None:
            continue
        inverse_mm = _divide(root_mm, np.eye(len(root_mm)))
        explained_Fm = inverse_FF @ seen_mF.T
        residual_m = inverse_mm.T @ (seen_m - seen_mF @ solved.weights_F)
        pull_mm = inverse_mm.T @ (inverse_mm - explained_Fm.T @ (explained_Fm @ inverse_mm))
        pull_mm -= np.outer(residual_m, residual_m)
        for place, (weight, part) in enumerate(zip(weights, data.kernel.parts, strict=True), start=n_shared):
            slope[place] += 0.5 * weight * (pull_mm * part).sum()
        pulled_mm = pull_mm * data.kernel.detail(effects)
        slope[NOISE - 1] += 0.5 * detail * pulled_mm.sum()
        slope[NOISE] += 0.5 * effects.noise * (np.diag(pull_mm) * data.noise_m).sum()
        slope[REACH] += 0.5 * detail * (1 - effects.reach) * (pulled_mm * data.kernel.apart_AB).sum()
    return solved.loss, slope


def _divide(root: Floats, right: Floats) -> Floats:
    """``root`` inverse times ``right``, for a lower triangle."""
    return np.asarray(solve_triangular(root, right, lower=True, check_finite=False))


def _scales(gains_MT: Floats) -> Floats:
    """The root mean square gain of each task, drawn towards that of all if few were measured."""
    defined_MT = ~np.isnan(gains_MT)
    if not defined_MT.any():
        return np.ones(gains_MT.shape[1])
    squares_MT = np.where(defined_MT, gains_MT, 0.0) ** 2
    overall = squares_MT.sum() / defined_MT.sum() + 1e-12
    n_T = defined_MT.sum(axis=0)
    return np.asarray(np.sqrt((squares_MT.sum(axis=0) + PRIOR_ROWS * overall) / (n_T + PRIOR_ROWS)))
