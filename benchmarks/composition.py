"""How long composing takes, and how long SciPy's mixed-integer program takes for the same designs.

    python -m benchmarks.composition [--quick]

Made-up candidates as a sweep has them: networks of any set of tasks, with gains that are sums of effects of
their members and of luck, sizes that grow with the number of members, and every task alone. Designs are
bounded by their number of networks (each number up to that is composed for) or by their size. Processor
seconds, and whether both solvers made the same designs.
"""

# N networks, T tasks, P pairs of a network and a task that it serves

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack

from mtl_search.design import Candidate, Composition, compose
from mtl_search.design.compose import as_facilities, composition
from mtl_search.design.facilities import Facilities

__all__ = ["best_by_milp"]

SHAPES = ((100, 5), (500, 5), (500, 8), (500, 12), (2000, 8))  # networks and tasks
QUICK = ((50, 4),)
SEEDS = 3
SCALE = 1024.0  # of value and budget: the solver's tolerances are absolute, 1e-6


def main() -> None:
    """Compose with both solvers and print what it took."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fifty networks: shows that it runs")
    rows = []
    for n, n_tasks in QUICK if parser.parse_args().quick else SHAPES:
        for limit in ({"max_networks": 3}, {"max_networks": n_tasks}, {"max_params": 600 * n_tasks}):
            for seed in range(SEEDS):
                pool, tasks = measured(n, n_tasks, seed)
                ours, seconds = timed(lambda: compose(pool, tasks, **limit))  # noqa: B023
                peers, peer_seconds = timed(lambda: compose_by_milp(pool, tasks, **limit))  # noqa: B023
                same = [one.keys for one in ours] == [one.keys for one in peers]
                rows.append((n, n_tasks, *limit.items(), seconds, peer_seconds, same))
    frame = pd.DataFrame(rows, columns=["networks", "tasks", "limit", "compose", "milp", "same"])
    table = frame.groupby(["networks", "tasks", "limit"], sort=False)
    print(table.agg({"compose": "mean", "milp": "mean", "same": "all"}).round(3).to_string())


def timed(call: Callable[[], tuple[Composition, ...]]) -> tuple[tuple[Composition, ...], float]:
    """What a call returns, and its processor seconds."""
    begun = time.process_time()
    return call(), time.process_time() - begun


def measured(n: int, n_tasks: int, seed: int) -> tuple[list[Candidate], list[str]]:
    """Candidates and their tasks."""
    rng = np.random.default_rng(seed)
    tasks = [f"t{t:02}" for t in range(n_tasks)]
    effect_TT = rng.normal(0, 1.5, (n_tasks, n_tasks))
    pool = [Candidate(f"alone {task}", {task: 0.0}, 1000) for task in tasks]
    for index in range(n):
        members = np.sort(rng.choice(n_tasks, rng.integers(1, n_tasks + 1), replace=False))
        size = len(members)
        gains = {
            tasks[m]: float(
                effect_TT[m, members].sum() / size**0.5 - effect_TT[m, m] + rng.normal(0, 1.5) - 0.2 * size
            )
            for m in members
        }
        pool.append(Candidate(f"c{index}", gains, int(1000 * size**0.5 * rng.uniform(0.6, 1.6))))
    return pool, tasks


def compose_by_milp(
    pool: Sequence[Candidate],
    tasks: Sequence[str],
    *,
    max_networks: int | None = None,
    max_params: int | None = None,
) -> tuple[Composition, ...]:
    """What `compose` does, by the other solver."""
    ordered = sorted(pool, key=lambda c: (c.n_params, c.key))
    facilities, budget = as_facilities(ordered, tasks, max_params)
    sizes = range(1, max_networks + 1) if max_networks else [len(tasks)]
    found = [best_by_milp(facilities, k, budget) for k in sizes]
    return tuple(composition([ordered[j] for j in chosen], tasks) for chosen in found if chosen)


def best_by_milp(facilities: Facilities, k: int, budget: float) -> tuple[int, ...]:
    """The at most ``k`` networks of highest value within the budget that serve all tasks, none if none do."""
    n, n_tasks = facilities.gains_NT.shape
    if not np.isfinite(facilities.gains_NT).any(axis=0).all():
        return ()
    network_P, task_P = np.nonzero(np.isfinite(facilities.gains_NT))
    row_P, one_P = np.arange(len(network_P)), np.ones(len(network_P))
    task_TP = csr_array((one_P, (task_P, row_P)), shape=(n_tasks, len(row_P)))
    network_PN = csr_array((one_P, (row_P, network_P)), shape=(len(row_P), n))
    limits_2N = csr_array(np.stack([np.ones(n), SCALE * facilities.shares_N]))
    result = milp(
        SCALE * np.concatenate([facilities.costs_N, -facilities.gains_NT[network_P, task_P]]),
        integrality=np.repeat([1, 0], [n, len(row_P)]),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(hstack([csr_array((n_tasks, n)), task_TP]), 1, 1),
            LinearConstraint(hstack([network_PN, -eye_array(len(row_P))]), 0, np.inf),
            LinearConstraint(hstack([limits_2N, csr_array((2, len(row_P)))]), -np.inf, [k, SCALE * budget]),
        ],
        options={"mip_rel_gap": 0.0},
    )
    return () if result.x is None else tuple(int(j) for j in facilities.index_N[result.x[:n] > 0.5])


if __name__ == "__main__":
    main()
