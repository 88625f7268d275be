"""The effects that the gain of a task in a set of tasks is made of, as features and as a kernel.

Each effect has a variance, a share of the variance of all gains, that the tasks have in common. Effects
that carry over from one task to another are features with shared weights; effects of one task alone are a
kernel over its companions.
"""

# S sets of T tasks (members hold 0 and 1), F features with shared weights, A and B two lists of sets

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

__all__ = [
    "ABSENT",
    "NOISE",
    "OWN",
    "REACH",
    "SHARED",
    "TRIAL",
    "Effects",
    "OwnKernel",
    "own_variance",
    "shared_features",
    "shared_groups",
    "shared_mean",
    "standard_affinity",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

SHARED = {
    "company": 0.3,  # not being alone
    "crowd": 0.2,  # each further member
    "helper": 0.3,  # a companion that helps, or hurts, everybody
    "mutual": 0.3,  # two tasks that help each other, equally
    "affinity": 0.3,  # companions whose gradients lower this task's loss, if that was measured
    "trial": 0.03,  # a training that went well, or badly, for all its members
}
OWN = {
    "level": 0.3,  # this task in any company
    "own_crowd": 0.1,  # each further member, for this task
    "companion": 0.3,  # what one companion does to this task
    "pairs": 0.1,  # what two companions do together
    "average": 0.0,  # the mean of what each companion does alone (Standley et al. 2020)
    "detail": 0.2,  # whatever is smooth: sets that differ in few members do alike
}
# tasks at most that have effects of each pair and of each training: a hundred tasks have thousands of pairs,
# and a proposal would take minutes
PAIRED = 30
AFFINITY, TRIAL = map(list(SHARED).index, ("affinity", "trial"))
EXPECTED_AFFINITY = 0.5  # of the scale of gains, for companions that are one standard deviation above others:
# gradient affinities are believed until gains say otherwise
NOISE = len(SHARED) + len(OWN)  # where the variance of one measurement stands in the vector
REACH = NOISE + 1  # and how far "detail" reaches
NOISE_SHARE = 0.15
ABSENT = -20.0  # the log variance of an effect that is not there
TINY = 1e-8  # the variance of one that need not be added up
REACHES = 0.75  # the correlation of "detail" in two sets that differ in one member


@final
@dataclass(frozen=True)
class Effects:
    """How much each effect counts.

    ``vector``: the log variances of `SHARED`, of `OWN` and of the noise, then the log odds of the reach.

    >>> effects = Effects.of()
    >>> round(effects.own["companion"], 3), round(effects.reach, 3)
    (0.3, 0.75)
    """

    vector: tuple[float, ...]

    @classmethod
    def of(cls, *, noise: float = NOISE_SHARE, **variances: float) -> "Effects":
        """Nothing but these effects; without any, all of them as they are expected."""
        expected = variances or SHARED | OWN
        shares = [*(expected.get(name, 0.0) for name in (*SHARED, *OWN)), noise]
        logs = [float(np.log(share)) if share > 0 else ABSENT for share in shares]
        return cls((*logs, float(np.log(REACHES / (1 - REACHES)))))

    @property
    def shared(self) -> Floats:
        """Variances in the order of `SHARED`."""
        return np.asarray(np.exp(np.array(self.vector[: len(SHARED)])))

    @property
    def own(self) -> dict[str, float]:
        """Variances by name."""
        return {name: float(np.exp(v)) for name, v in zip(OWN, self.vector[len(SHARED) : NOISE], strict=True)}

    @property
    def noise(self) -> float:
        """Variance of one measurement."""
        return float(np.exp(self.vector[NOISE]))

    @property
    def reach(self) -> float:
        """Correlation of the detail in two sets that differ in one member."""
        return float(1 / (1 + np.exp(-self.vector[REACH])))


def shared_groups(n_tasks: int, n_trials: int) -> Ints:
    """Which effect of `SHARED` each feature belongs to."""
    sizes = (1, 1, n_tasks, _n_pairs(n_tasks), 1, _n_trials(n_tasks, n_trials))
    return np.repeat(np.arange(len(SHARED)), sizes)


def shared_features(
    members_ST: Floats,
    task: int,
    trial_S: Ints | None,
    times_S: Floats,
    n_trials: int,
    affinity_TT: Floats | None = None,
) -> Floats:
    """What ``task`` sees of the shared weights in each set.

    ``trial_S`` says which row of the measurements a set is, ``times_S`` how many trainings that row is the
    mean of; None for sets that are only imagined. ``affinity_TT``: see `standard_affinity`.
    """
    n_sets, n_tasks = members_ST.shape
    companions_ST = _companions(members_ST, task)
    unit = np.sqrt(2 / n_tasks)  # half of the tasks as companions make a variance of one
    mutual_SP = np.zeros((n_sets, _n_pairs(n_tasks)))
    if mutual_SP.size:
        pair_TT = np.zeros((n_tasks, n_tasks), dtype=int)
        pair_TT[np.triu_indices(n_tasks, 1)] = np.arange(_n_pairs(n_tasks))
        others = np.delete(np.arange(n_tasks), task)
        mutual_SP[:, (pair_TT + pair_TT.T)[task, others]] = members_ST[:, others]
    trials_SR = np.zeros((n_sets, _n_trials(n_tasks, n_trials)))
    if trial_S is not None and trials_SR.size:
        trials_SR[np.arange(n_sets), trial_S] = 1 / np.sqrt(times_S)
    crowd_S1 = _crowd(companions_ST)[:, None]
    affinity_S1 = np.zeros((n_sets, 1))
    if affinity_TT is not None:
        n_S1 = np.maximum(companions_ST.sum(axis=1, keepdims=True), 1.0)  # their mean, as in TAG
        affinity_S1 = companions_ST @ affinity_TT[:, [task]] / n_S1
    effects = [np.ones((n_sets, 1)), crowd_S1, unit * companions_ST, unit * mutual_SP, affinity_S1, trials_SR]
    return np.hstack(effects)


def shared_mean(features_SF: Floats, groups_F: Ints) -> Floats:
    """What is expected of the shared effects before anything is measured."""
    return np.asarray(EXPECTED_AFFINITY * features_SF[:, groups_F == AFFINITY].sum(axis=1))


def standard_affinity(affinity_TT: Floats) -> Floats:
    """Gradient affinities of each task (row) to each other (column) on the scale of effects.

    The diagonal is ignored. For each task they say which companions are better than others: their mean is
    taken away, since a gradient that lowers a loss in one step says nothing of being alone, and their
    spread, as gains are scaled for each task too. One that is NaN counts as 0.
    """
    known_TT = np.isfinite(affinity_TT) & ~np.eye(len(affinity_TT), dtype=bool)
    n_T = np.maximum(known_TT.sum(axis=0), 1)
    mean_T = np.where(known_TT, affinity_TT, 0.0).sum(axis=0) / n_T
    apart_TT = np.where(known_TT, affinity_TT - mean_T, 0.0)
    spread_T = np.sqrt((apart_TT**2).sum(axis=0) / n_T)
    return np.asarray(apart_TT / np.where(spread_T > 0, spread_T, 1.0))


@final
class OwnKernel:
    """The kernel of one task over two lists of sets, a part for each effect of `OWN`, to be weighed anew."""

    def __init__(self, members_AT: Floats, members_BT: Floats, task: int) -> None:
        n_tasks = members_AT.shape[1]
        companions_AT, companions_BT = _companions(members_AT, task), _companions(members_BT, task)
        shared_AB = companions_AT @ companions_BT.T
        sizes_A, sizes_B = companions_AT.sum(axis=1), companions_BT.sum(axis=1)
        self.parts = (
            np.ones_like(shared_AB),
            np.outer(_crowd(companions_AT), _crowd(companions_BT)),
            2 / n_tasks * shared_AB,
            4 / n_tasks**2 * shared_AB * (shared_AB - 1),
            shared_AB / np.maximum(np.outer(sizes_A, sizes_B), 1.0),
        )
        self.apart_AB = (sizes_A[:, None] + sizes_B - 2 * shared_AB).astype(int)

    def detail(self, effects: Effects) -> Floats:
        """The part that depends on the reach: the diffusion kernel of the cube (Kondor and Lafferty 2002)."""
        powers = effects.reach ** np.arange(self.apart_AB.max(initial=0) + 1)
        return np.asarray(powers[self.apart_AB])

    def weighed(self, effects: Effects) -> Floats:
        """The covariance of the task's own effects."""
        *weights, detail = effects.own.values()
        covariance_AB = detail * self.detail(effects)
        for weight, part in zip(weights, self.parts, strict=True):
            if weight > TINY:
                covariance_AB += weight * part
        return covariance_AB


def own_variance(members_ST: Floats, task: int, effects: Effects) -> Floats:
    """The diagonal of `OwnKernel.weighed` if both lists are ``members_ST``."""
    n_tasks = members_ST.shape[1]
    companions_ST = _companions(members_ST, task)
    size_S, crowd_S = companions_ST.sum(axis=1), _crowd(companions_ST)
    *weights, detail = effects.own.values()
    alike_S = size_S / np.maximum(size_S**2, 1.0)
    parts = (1.0, crowd_S**2, 2 / n_tasks * size_S, 4 / n_tasks**2 * size_S * (size_S - 1), alike_S)
    variance_S = np.full(len(members_ST), detail)
    for weight, part in zip(weights, parts, strict=True):
        variance_S += weight * part
    return variance_S


def _n_pairs(n_tasks: int) -> int:
    """How many pairs of tasks have a mutual effect of their own: all, or none if they are too many."""
    return n_tasks * (n_tasks - 1) // 2 if n_tasks <= PAIRED else 0


def _n_trials(n_tasks: int, n_trials: int) -> int:
    """How many trainings have an effect of their own: all, or none if tasks are too many."""
    return n_trials if n_tasks <= PAIRED else 0


def _companions(members_ST: Floats, task: int) -> Floats:
    companions_ST = members_ST.copy()
    companions_ST[:, task] = 0.0
    return companions_ST


def _crowd(companions_ST: Floats) -> Floats:
    return np.asarray((companions_ST.sum(axis=1) - 1) / companions_ST.shape[1])
