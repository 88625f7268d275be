"""Made-up tables of subsets with as many shapes as tasks are known or feared to have.

No search should be tuned to the few tables that were ever measured. Each shape is one idea of why tasks help
or hurt each other; a table draws its effects at random, so a seed is a problem of its own. Gains are in
percent with a spread of about 3, a run's noise is given as a share of that spread.
"""

# S sets, T tasks, P pairs of tasks, D dimensions of a task

import itertools
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from mtl_search.grouping.replay.tables import SubsetTable
from mtl_search.seeds import random_stream

__all__ = ["SHAPES", "synthetic_table"]

Floats = npt.NDArray[np.float64]
Shape = Callable[[Floats, np.random.Generator], Floats]  # members_ST (0 or 1) -> gains_ST
SPREAD = 3.0  # percent: the standard deviation of gains in a table
COMPLETE = 12  # tables of more tasks hold all pairs, all tasks together, and a sample
SAMPLED = 1500


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


SHAPES: Mapping[str, Shape] = {
    shape.__name__: shape
    for shape in (clusters, helpers, low_rank, directions, rugged, synergy, crowds, nothing)
}


def synthetic_table(
    shape: str, n_tasks: int, *, seed: int, noise: float = 0.3, runs: int = 2, jitter: float = 0.2
) -> SubsetTable:
    """A table of ``shape`` whose runs scatter with ``noise`` times the spread of gains.

    Half of a run's noise is in the network itself, so valid and test share it; ``jitter`` is what each set
    has of its own, again as a share of the spread, which no other set predicts.
    """
    rng = random_stream(seed, n_tasks, list(SHAPES).index(shape))
    members_ST = _sets(n_tasks, rng)
    gains_ST = SHAPES[shape](members_ST, rng)
    alone_T = np.diag(gains_ST[:n_tasks])
    gains_ST = np.where(members_ST > 0, gains_ST - alone_T, np.nan)
    spread = np.nanstd(gains_ST[n_tasks:])
    if spread > 0:
        gains_ST *= SPREAD / spread
        own_ST = rng.normal(size=gains_ST.shape) * SPREAD * jitter
        own_ST[:n_tasks] = 0.0
        gains_ST += own_ST
    run_RST, valid_RST, test_RST = rng.normal(size=(3, runs, *gains_ST.shape)) * SPREAD * noise
    half = np.sqrt(0.5)
    tasks = tuple(f"task{i:02}" for i in range(n_tasks))
    sets = tuple(tuple(itertools.compress(tasks, row)) for row in members_ST)
    valid_RST, test_RST = (gains_ST + half * (run_RST + own_RST) for own_RST in (valid_RST, test_RST))
    return SubsetTable(f"{shape}{n_tasks}.{seed}", tasks, sets, valid_RST, test_RST)


def _sizes(members_ST: Floats) -> Floats:
    return np.asarray(members_ST.sum(axis=1, keepdims=True))


def _additive(members_ST: Floats, effect_TT: Floats) -> Floats:
    """The summed effects of the companions of each task in each set; ``effect_TT[t, c]`` is of c on t."""
    return np.asarray(members_ST @ (effect_TT - np.diag(np.diag(effect_TT))).T)


def _sets(n: int, rng: np.random.Generator) -> Floats:
    """Rows of 0 and 1: the single tasks first, then every other set, or the pairs, all tasks and a sample."""
    if n <= COMPLETE:
        rows = [row for row in itertools.product((0.0, 1.0), repeat=n) if sum(row) > 0]
        return np.array(sorted(rows, key=lambda row: (sum(row), [-x for x in row])))
    small = (group for size in (1, 2) for group in itertools.combinations(range(n), size))
    pairs = [np.isin(np.arange(n), group) for group in small]
    drawn = rng.random((SAMPLED, n)) < rng.uniform(0.1, 0.9, (SAMPLED, 1))
    larger = np.unique(drawn[(drawn.sum(axis=1) > 2) & (drawn.sum(axis=1) < n)], axis=0)
    return np.concatenate([pairs, larger, np.ones((1, n))]).astype(float)
