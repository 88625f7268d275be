"""Made-up tables of subsets: no search should be tuned to the few tables that were ever measured.

Gains are in percent with a spread of about 3, a run's noise is given as a share of that spread.
"""

# S sets, T tasks, R runs

import itertools

import numpy as np
import numpy.typing as npt

from mtl_search.grouping.replay.shapes import SHAPES
from mtl_search.grouping.replay.tables import SubsetTable
from mtl_search.seeds import random_stream

__all__ = ["SHAPES", "synthetic_table"]

Floats = npt.NDArray[np.float64]
SPREAD = 3.0  # percent: the standard deviation of gains in a table
COMPLETE = 12  # tables of more tasks hold all pairs, all tasks together, and a sample
SAMPLED = 1500
UNEVEN = {"uneven": 1.0}  # the standard deviation of the logarithm of a task's noise, where tasks differ
FENCE = 1.5  # interquartile ranges beyond the quartiles, from where on gains do not count for the spread


def synthetic_table(
    shape: str,
    n_tasks: int,
    *,
    seed: int,
    noise: float = 0.3,
    runs: int = 2,
    jitter: float = 0.2,
    draw: int = 0,
) -> SubsetTable:
    """A table of ``shape`` whose runs scatter with ``noise`` times the spread of gains.

    Half of a run's noise is in the network itself, so valid and test share it; ``jitter`` is what each set
    has of its own, again as a share of the spread, which no other set predicts. ``draw``: what the sets gain
    is the same for all draws, and the noise of the runs another.
    """
    problem = (seed, n_tasks, list(SHAPES).index(shape))
    rng = random_stream(*problem)
    members_ST = _sets(n_tasks, rng)
    gains_ST = SHAPES[shape](members_ST, rng)
    alone_T = np.diag(gains_ST[:n_tasks])
    gains_ST = np.where(members_ST > 0, gains_ST - alone_T, np.nan)
    spread = _spread(gains_ST[n_tasks:])
    if spread > 0:
        gains_ST *= SPREAD / spread
        own_ST = rng.normal(size=gains_ST.shape) * SPREAD * jitter
        own_ST[:n_tasks] = 0.0
        gains_ST += own_ST
    uneven_T = np.exp(UNEVEN.get(shape, 0.0) * rng.normal(size=n_tasks))
    noise_RST = random_stream(*problem, draw).normal(size=(3, runs, *gains_ST.shape))
    run_RST, valid_RST, test_RST = noise_RST * SPREAD * noise
    half = np.sqrt(0.5)
    tasks = tuple(f"task{i:02}" for i in range(n_tasks))
    sets = tuple(tuple(itertools.compress(tasks, row)) for row in members_ST)
    valid_RST, test_RST = (
        gains_ST + half * uneven_T * (run_RST + own_RST) for own_RST in (valid_RST, test_RST)
    )
    return SubsetTable(f"{shape}{n_tasks}.{seed}", tasks, sets, valid_RST, test_RST)


def _spread(gains_ST: Floats) -> float:
    """The standard deviation of the gains, of disasters only as far as they are within Tukey's fences."""
    low, high = np.nanquantile(gains_ST, (0.25, 0.75))
    beyond = FENCE * (high - low)
    return float(np.nanstd(np.clip(gains_ST, low - beyond, high + beyond)))


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
