"""Shapes that tables of subsets are known or feared to have: each is one idea of why tasks help or hurt.

A shape draws its effects at random, so a seed is a problem of its own. `synthetic_table` scales its gains
and adds noise.
"""

# S sets, T tasks, P pairs of tasks, D dimensions of a task

import itertools
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["SHAPES", "Shape"]

Floats = npt.NDArray[np.float64]
Shape = Callable[[Floats, np.random.Generator], Floats]  # members_ST (0 or 1) -> gains_ST


def clusters(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Tasks of a cluster help each other, all others hurt; every further companion helps less."""
    n = members_ST.shape[1]
    cluster_T = rng.permutation(np.arange(n) % max(2, round(n / 3)))
    same_TT = cluster_T[:, None] == cluster_T
    effect_TT = np.where(same_TT, rng.uniform(1, 4, (n, n)), -rng.uniform(0.2, 2, (n, n)))
    return np.tanh(_additive(members_ST, effect_TT) / 4)


def helpers(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """A few tasks help those that take help, unreturned; some tasks are hurt by any company."""
    n = members_ST.shape[1]
    helps_T = np.where(rng.random(n) < 0.3, rng.uniform(1, 3, n), -rng.uniform(0, 1, n))
    takes_T = rng.choice([-0.3, 0.3, 1.0, 1.5], n)
    return np.asarray(_additive(members_ST, np.outer(takes_T, helps_T)) / np.sqrt(_sizes(members_ST)))


def low_rank(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """What a task needs meets what its companions offer on average, in three dimensions; crowds cost."""
    n = members_ST.shape[1]
    needs_TD, offers_TD = rng.normal(size=(2, n, 3))
    size_S1 = _sizes(members_ST)
    average_ST = _additive(members_ST, needs_TD @ offers_TD.T) / np.maximum(size_S1 - 1, 1)
    return np.asarray(average_ST * np.sqrt(size_S1) - 0.2 * size_S1)


def directions(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Gradients that agree share data, gradients that differ pull a network away from the task."""
    n = members_ST.shape[1]
    direction_TD = rng.normal(size=(n, 4)) + rng.normal(size=4) * rng.uniform(0, 1.5)
    direction_TD /= np.linalg.norm(direction_TD, axis=1, keepdims=True)
    pull_SD = members_ST @ direction_TD
    length_S1 = np.maximum(np.linalg.norm(pull_SD, axis=1, keepdims=True), 1e-9)
    shared_ST = rng.uniform(0.2, 1, n) * np.log(_sizes(members_ST))
    return np.asarray(shared_ST - 2 * (1 - pull_SD @ direction_TD.T / length_S1))


def rugged(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Companions, pairs and triples of them each have an effect of their own."""
    n = members_ST.shape[1]
    gains_ST = _additive(members_ST, rng.normal(size=(n, n)))
    for size, weight in ((2, 0.8), (3, 0.5)):
        groups = list(itertools.combinations(range(n), size))
        if len(groups) > 200:
            groups = [groups[i] for i in rng.choice(len(groups), 200, replace=False)]
        present_SG = np.stack([members_ST[:, list(group)].prod(axis=1) for group in groups], axis=1)
        gains_ST += weight * present_SG @ rng.normal(size=(len(groups), n)) * n / np.sqrt(n * len(groups)) * 2
    return gains_ST


def synergy(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Some pairs of companions help only together, and alone each hurts: what pairs cannot show."""
    n = members_ST.shape[1]
    gains_ST = _additive(members_ST, -rng.uniform(0, 1, (n, n)))
    for task in range(n):
        for a, b in rng.integers(0, n, (max(2, n // 3), 2)):
            gains_ST[:, task] += rng.uniform(1, 4) * members_ST[:, a] * members_ST[:, b]
    return gains_ST


def crowds(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Only the number of companions counts, up to a size that suits the task; whom hardly matters."""
    n = members_ST.shape[1]
    best_T = rng.uniform(2, n, n)
    whom_ST = _additive(members_ST, 0.1 * rng.normal(size=(n, n)))
    return np.asarray(whom_ST - 4 * ((_sizes(members_ST) - best_T) / n) ** 2)


def nothing(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Tasks neither help nor hurt: whatever is found is luck."""
    return np.zeros_like(members_ST)


def disasters(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """A third of the companions ruin one task, whoever else is there; any other gains and loses little."""
    n = members_ST.shape[1]
    gains_ST = _additive(members_ST, rng.normal(size=(n, n))) / np.sqrt(_sizes(members_ST))
    victim = int(rng.integers(n))
    ruins_T = rng.uniform(2, 12, n) * (rng.permutation(n) < max(1, n // 3))
    ruins_T[victim] = 0.0
    gains_ST[:, victim] -= (members_ST * ruins_T).max(axis=1)
    return gains_ST


def spoiler(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """One task spoils every set that it is in and gains by it; the others help each other in pairs."""
    n = members_ST.shape[1]
    effect_TT = np.where(rng.random((n, n)) < 0.4, 1.5, -0.3) * rng.uniform(0.5, 1.5, (n, n))
    spoils = int(rng.integers(n))
    effect_TT[:, spoils] = -rng.uniform(2, 4, n)
    effect_TT[spoils] = rng.uniform(0, 1, n)
    return _additive(members_ST, effect_TT) / np.sqrt(_sizes(members_ST))


def unhelped(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Nothing helps one task, which helps most others; these gain by company of their kind."""
    n = members_ST.shape[1]
    kind_T = rng.permutation(np.arange(n) % 2)
    effect_TT = np.where(kind_T[:, None] == kind_T, 1.0, -0.7) * rng.uniform(0.3, 1.7, (n, n))
    alone = int(rng.integers(n))
    effect_TT[:, alone] = rng.choice([-0.5, 1.0, 2.0], n)
    effect_TT[alone] = -rng.uniform(0.3, 3, n)
    return np.asarray(2 * np.tanh(_additive(members_ST, effect_TT) / 3))


def chains(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """A companion helps only beside a companion of its own, the same for all tasks, and else hurts."""
    n = members_ST.shape[1]
    needs_T = (np.arange(n) + rng.integers(1, n, n)) % n
    together_ST = members_ST * members_ST[:, needs_T]
    helps_TT = rng.uniform(0, 3, (n, n)) * (rng.random((n, n)) < 0.5)
    hurts_TT = -rng.uniform(0.2, 1.5, (n, n))
    return _additive(together_ST, helps_TT) + _additive(members_ST - together_ST, hurts_TT)


def reversal(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Who helps in a small set hurts in a large one, and the other way round."""
    n = members_ST.shape[1]
    size_S1 = _sizes(members_ST)
    turn_S1 = np.cos(np.pi * (size_S1 - 2) / max(1, n - 2))
    average_ST = _additive(members_ST, rng.normal(size=(n, n))) / np.sqrt(np.maximum(size_S1 - 1, 1))
    return np.asarray(average_ST * turn_S1)


def uneven(members_ST: Floats, rng: np.random.Generator) -> Floats:
    """Companions add up; what is measured of some tasks is nearly exact, of others mostly noise."""
    n = members_ST.shape[1]
    gains_ST = _additive(members_ST, rng.normal(size=(n, n)) - 0.2)
    return gains_ST / np.sqrt(_sizes(members_ST))


SHAPES: Mapping[str, Shape] = {
    shape.__name__: shape
    for shape in (
        clusters,
        helpers,
        low_rank,
        directions,
        rugged,
        synergy,
        crowds,
        nothing,
        disasters,
        spoiler,
        unhelped,
        chains,
        reversal,
        uneven,
    )
}


def _sizes(members_ST: Floats) -> Floats:
    return np.asarray(members_ST.sum(axis=1, keepdims=True))


def _additive(members_ST: Floats, effect_TT: Floats) -> Floats:
    """The summed effects of the companions of each task in each set; ``effect_TT[t, c]`` is of c on t."""
    return np.asarray(members_ST @ (effect_TT - np.diag(np.diag(effect_TT))).T)
