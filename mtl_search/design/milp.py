"""Facility location as a mixed-integer linear program: mostly slower than by prices, but steady."""

# N networks, T tasks, P pairs of a network and a task that it serves

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack

from mtl_search.design.facilities import Facilities

__all__ = ["best_by_milp"]

_SCALE = 1024.0  # of value and budget: the solver's tolerances are absolute, 1e-6


def best_by_milp(facilities: Facilities, k: int, budget: float) -> tuple[int, ...]:
    """The at most ``k`` networks of highest value within the budget that serve all tasks, none if none do."""
    n, n_tasks = facilities.gains_NT.shape
    if not np.isfinite(facilities.gains_NT).any(axis=0).all():
        return ()
    network_P, task_P = np.nonzero(np.isfinite(facilities.gains_NT))
    row_P, one_P = np.arange(len(network_P)), np.ones(len(network_P))
    task_TP = csr_array((one_P, (task_P, row_P)), shape=(n_tasks, len(row_P)))
    network_PN = csr_array((one_P, (row_P, network_P)), shape=(len(row_P), n))
    limits_2N = csr_array(np.stack([np.ones(n), _SCALE * facilities.shares_N]))
    result = milp(
        _SCALE * np.concatenate([facilities.costs_N, -facilities.gains_NT[network_P, task_P]]),
        integrality=np.repeat([1, 0], [n, len(row_P)]),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(hstack([csr_array((n_tasks, n)), task_TP]), 1, 1),
            LinearConstraint(hstack([network_PN, -eye_array(len(row_P))]), 0, np.inf),
            LinearConstraint(hstack([limits_2N, csr_array((2, len(row_P)))]), -np.inf, [k, _SCALE * budget]),
        ],
        options={"mip_rel_gap": 0.0},
    )
    return () if result.x is None else tuple(int(j) for j in facilities.index_N[result.x[:n] > 0.5])
