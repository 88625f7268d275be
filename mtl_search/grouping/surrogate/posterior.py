"""What measured sets of tasks say of all others: a Gaussian process over member sets, for all tasks.

The gain of a task in a set is the sum of the effects of `mtl_search.grouping.surrogate.effects`. Given the
weights of the shared effects the tasks are independent, so the exact posterior of all of them costs one small
factorisation for each task and one for the weights; factorising all (task, set) pairs together would cost
a hundred times that.
"""

# M measured sets, C candidate sets, T tasks, F features with shared weights, m and c rows of one task

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dtrtrs

from mtl_search.grouping.surrogate.effects import Effects, OwnKernel, own_variance
from mtl_search.grouping.surrogate.known import Known, Look

__all__ = ["JITTER", "SetPosterior", "Solved", "divide", "solve"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

JITTER = 1e-5
SURPRISING = 1.5  # standard deviations below what others say of a set, for each training that counts
LUCK = 4.0  # standard deviations of the trainings of one set that hyperparameters are held to cost at most
NEGLIGIBLE = 1e-3  # a shared effect with less variance than this has no weights


@final
class SetPosterior:
    """The gains of every task in every set, given those measured in some sets.

    >>> members = np.array([[1.0, 1, 0], [1, 0, 1], [0, 1, 1]])
    >>> gains = np.where(members > 0, [[8.0, 8, 0], [-8, 0, -8], [0, 1, 1]], np.nan)
    >>> mean, deviation = SetPosterior(Known(members, gains, np.ones(3)), Effects.of()).predict(members)
    >>> bool(mean[0, 0] > 2 > -2 > mean[1, 0]), bool(np.isnan(mean[0, 2]))
    (True, True)

    ``doubt_M``: how many times the noise of others each measured set has. Of trainings that differ by their
    hyperparameters one may fail where another would not, so that one disaster must not decide.
    """

    def __init__(self, known: Known, effects: Effects) -> None:
        self.effects = effects
        self._known = known
        self._solved = solve(known, effects)
        self.doubt_M = self._doubts()
        if self.doubt_M.max(initial=1.0) > 1.0:
            self._solved = solve(known, effects, self.doubt_M)
            del self._left_out  # which was of the belief without doubt

    @property
    def noise_T(self) -> Floats:
        """The standard deviation of one measurement around what its set achieves, in percent."""
        return np.asarray(np.sqrt(self.effects.noise) * self._known.scale_T)

    def predict(self, members_CT: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of what each set achieves for each member, NaN for other tasks."""
        return self.predict_seen(self._known.look(members_CT), len(members_CT))

    def predict_seen(self, looks: tuple[Look, ...], n_sets: int) -> tuple[Floats, Floats]:
        """The same of sets that were looked at already."""
        mean_CT, variance_CT = np.full((2, n_sets, len(looks)), np.nan)
        for task, look in enumerate(looks):
            if look.rows.size:
                mean_c, features_cF, known_mc = self._conditional(look, task)
                spread_Fc = divide(self._solved.root_FF, features_cF.T)
                variance_c = own_variance(look.members_cT, task, self.effects) - (known_mc**2).sum(axis=0)
                mean_CT[look.rows, task] = mean_c + features_cF @ self._solved.weights_F
                variance_CT[look.rows, task] = variance_c + (spread_Fc**2).sum(axis=0)
        deviation_CT = np.sqrt(np.maximum(variance_CT, JITTER))
        return mean_CT * self._known.scale_T, deviation_CT * self._known.scale_T

    def draw(self, members_CT: Floats, rng: np.random.Generator) -> Floats:
        """One draw of the gains in all these sets together, NaN for other tasks."""
        drawn_CT = np.full(members_CT.shape, np.nan)
        spread_F = rng.standard_normal(len(self._solved.weights_F))
        weights_F = self._solved.weights_F + divide(self._solved.root_FF, spread_F, transposed=True)
        for task, look in enumerate(self._known.look(members_CT)):
            if look.rows.size:
                mean_c, features_cF, known_mc = self._conditional(look, task)
                covariance_cc = OwnKernel(look.members_cT, look.members_cT, task).weighed(self.effects)
                covariance_cc += JITTER * np.eye(len(look.rows)) - known_mc.T @ known_mc
                own_c = cholesky(covariance_cc) @ rng.standard_normal(len(look.rows))
                drawn_CT[look.rows, task] = mean_c + features_cF @ weights_F + own_c
        return drawn_CT * self._known.scale_T

    def foretold(self) -> Floats:
        """How well each measured set was foretold by all others: the log density of its gains, per gain.

        All gains of a set are left out together (Rasmussen and Williams 2006, 5.4.2, for a block): of two
        that were measured in one training each foretells the other, and that says nothing of sets to come.
        NaN for single tasks, which gain nothing whatever is believed, and for sets without gains.
        """
        return np.array([_log_density(*block) for block in self._left_out])

    def _doubts(self) -> Floats:
        """1, or more for a set whose trainings did far worse than all other sets say.

        What they have lost in all members alike is estimated by generalised least squares. From
        ``SURPRISING`` standard deviations on for each training that counts, its square is a variance that
        these trainings have beside the noise, up to what hyperparameters were seen to cost: ``LUCK`` times
        how far trainings of one set are apart. Without such trainings there is no doubt.
        """
        again, apart = self._known.repeats
        doubt_M = np.ones(len(self._known.members_MT))
        if not again:
            return doubt_M
        most = LUCK**2 * apart / again
        for row, (precise_tt, pulled_t) in enumerate(self._left_out):
            times = self._known.times_M[row]
            precise, pulled = precise_tt.sum(), pulled_t.sum()
            if pulled < -SURPRISING * times * np.sqrt(precise):
                lost = min((pulled / precise) ** 2 - 1 / precise, most)
                doubt_M[row] += times * lost / (self.effects.noise + JITTER)
        return doubt_M

    @cached_property
    def _left_out(self) -> list[tuple[Floats, Floats]]:
        """Of each measured set what all others say of it: its block of the inverse covariance of all gains,
        and what this makes of the gains. Empty for single tasks, and for sets without gains.
        """
        inverse_FF = divide(self._solved.root_FF, np.eye(len(self._solved.root_FF)))
        alone_MT, pulled_MT = np.full((2, *self._known.members_MT.shape), np.nan)
        linked_MTF = np.zeros((*alone_MT.shape, len(inverse_FF)))
        for task, (data, part) in enumerate(zip(self._known.tasks, self._solved.tasks, strict=True)):
            if data is not None:
                inverse_mm, linked_Fm, pulled_MT[data.rows, task] = part.inverse(
                    inverse_FF, self._solved.weights_F
                )
                alone_MT[data.rows, task] = (inverse_mm**2).sum(axis=0)
                linked_MTF[data.rows, task] = linked_Fm.T
        alone_MT[self._known.members_MT.sum(axis=1) < 2] = np.nan
        blocks = []
        for alone_T, linked_TF, pulled_T in zip(alone_MT, linked_MTF, pulled_MT, strict=True):
            tasks = np.flatnonzero(~np.isnan(alone_T))
            blocks.append((np.diag(alone_T[tasks]) - linked_TF[tasks] @ linked_TF[tasks].T, pulled_T[tasks]))
        return blocks

    def _conditional(self, look: Look, task: int) -> tuple[Floats, Floats, Floats]:
        """Of a task in some sets: the mean without shared weights, what these add, and what is known."""
        weights_F = np.sqrt(self.effects.shared)[self._known.groups_F[self._solved.kept]]
        features_cF = look.features_cF[:, self._solved.kept] * weights_F
        if look.across is None:
            return look.expected_c, features_cF, np.zeros((0, len(look.rows)))
        part = self._solved.tasks[task]
        known_mc = divide(part.root_mm, look.across.weighed(self.effects))
        return look.expected_c + known_mc.T @ part.seen_m, features_cF - known_mc.T @ part.seen_mF, known_mc


@final
@dataclass(frozen=True)
class SolvedTask:
    """The Cholesky root of what was measured of a task; features and gains divided by it."""

    root_mm: Floats
    seen_mF: Floats
    seen_m: Floats

    def left_out(self, inverse_FF: Floats, weights_F: Floats) -> tuple[Floats, Floats]:
        """The task's block of the inverse covariance of all gains, and what it makes of the gains.

        ``inverse_FF``: of the root of the shared weights' precision.
        """
        inverse_mm, linked_Fm, pulled_m = self.inverse(inverse_FF, weights_F)
        return inverse_mm.T @ inverse_mm - linked_Fm.T @ linked_Fm, pulled_m

    def inverse(self, inverse_FF: Floats, weights_F: Floats) -> tuple[Floats, Floats, Floats]:
        """The inverse of the root, what links the task's gains to those of all tasks, and what the inverse
        covariance makes of the gains.
        """
        inverse_mm = divide(self.root_mm, np.eye(len(self.root_mm)))
        linked_Fm = inverse_FF @ (self.seen_mF.T @ inverse_mm)
        return inverse_mm, linked_Fm, inverse_mm.T @ (self.seen_m - self.seen_mF @ weights_F)


@final
@dataclass(frozen=True)
class Solved:
    """The posterior of the shared weights that are kept, and what each task's own part needs."""

    tasks: tuple[SolvedTask, ...]
    kept: Ints
    root_FF: Floats
    weights_F: Floats
    loss: float  # minus the log marginal likelihood, up to a constant


def solve(known: Known, effects: Effects, doubt_M: Floats | None = None) -> Solved:
    """Condition on what is known; ``doubt_M``: how many times the noise that is expected each set has."""
    variance_F = effects.shared[known.groups_F]
    kept = np.flatnonzero(variance_F > NEGLIGIBLE)
    weights_F = np.sqrt(variance_F[kept])
    precision_FF, pull_F, loss = np.eye(len(kept)), np.zeros(len(kept)), 0.0
    tasks = []
    for data in known.tasks:
        if data is None:
            tasks.append(SolvedTask(np.zeros((0, 0)), np.zeros((0, len(kept))), np.zeros(0)))
            continue
        covariance_mm = data.kernel.weighed(effects)
        covariance_mm[np.diag_indices(len(data.rows))] += (effects.noise + JITTER) * (
            data.noise_m if doubt_M is None else data.noise_m * doubt_M[data.rows]
        )
        root_mm = cholesky(covariance_mm)
        right = np.hstack([data.features_mF[:, kept] * weights_F, data.gains_m[:, None]])
        right = divide(root_mm, right)
        seen_mF, seen_m = right[:, :-1], right[:, -1]
        precision_FF += seen_mF.T @ seen_mF
        pull_F += seen_mF.T @ seen_m
        loss += 0.5 * seen_m @ seen_m + np.log(np.diag(root_mm)).sum()
        tasks.append(SolvedTask(root_mm, seen_mF, seen_m))
    root_FF = cholesky(precision_FF)
    pulled_F = divide(root_FF, pull_F)
    loss += np.log(np.diag(root_FF)).sum() - 0.5 * pulled_F @ pulled_F
    return Solved(tuple(tasks), kept, root_FF, divide(root_FF, pulled_F, transposed=True), float(loss))


def _log_density(precise_tt: Floats, pulled_t: Floats) -> float:
    """Of one set's gains given all others, divided by their number; NaN if there are none."""
    n = len(pulled_t)
    if not n:
        return float("nan")
    root_tt = cholesky(precise_tt)
    apart_t = divide(root_tt, pulled_t)
    log_density = np.log(np.diag(root_tt)).sum() - 0.5 * (apart_t @ apart_t + n * np.log(2 * np.pi))
    return float(log_density / n)


def cholesky(covariance: Floats) -> Floats:
    """The lower triangle whose square it is."""
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


def divide(root: Floats, right: Floats, *, transposed: bool = False) -> Floats:
    """``root`` inverse times ``right``, for a lower triangle, or its transpose.

    LAPACK itself: of small matrices most of the time would go into the checks of `solve_triangular`.
    """
    if not right.size:
        return right
    found, _ = dtrtrs(root, right, lower=1, trans=int(transposed))
    return np.asarray(found).reshape(right.shape)
