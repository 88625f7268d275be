"""Choosing, exactly, the best design out of the networks measured so far: a facility-location problem."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

__all__ = ["Candidate", "Composition", "compose"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A measured network: its gain per main task in percent (absent or NaN: does not serve it) and its cost.

    ``n_seen`` counts how often the network was trained; the gains are means over those times.
    """

    key: str
    gains: Mapping[str, float]
    n_params: int
    flops: int = 0
    n_seen: int = 1


@dataclass(frozen=True, slots=True)
class Composition:
    """The best design found: its networks, which of them serves each main task, mean gain, cost."""

    keys: tuple[str, ...]
    serves: Mapping[str, str]
    delta_m: float
    n_params: int
    flops: int


def compose(
    candidates: Sequence[Candidate],
    tasks: Sequence[str],
    *,
    max_networks: int | None = None,
    max_params: int | None = None,
) -> tuple[Composition, ...]:
    """The best design of at most ``k`` networks for each feasible ``k = 1 .. max_networks``.

    With ``max_params`` the one best design within that budget (and within ``max_networks``, where given).
    Empty where no choice serves every task. Of equally good designs: fewer networks, then fewer parameters.

    >>> measured = [Candidate("a", {"x": 4.0, "y": -2.0}, 10), Candidate("b", {"y": 3.0}, 10)]
    >>> [(best.keys, best.delta_m) for best in compose(measured, ["x", "y"], max_networks=2)]
    [(('a',), 1.0), (('a', 'b'), 3.5)]
    """
    ordered = sorted(candidates, key=lambda c: (c.n_params, c.key))
    names = sorted(tasks)
    gains_TN = np.array([[_gain(c, task) for c in ordered] for task in names]).reshape(len(names), -1)
    limit = min(max_networks or len(names), len(names))
    if not ordered or np.isnan(gains_TN).all(axis=1).any():
        return ()
    counts = range(limit, limit + 1) if max_params is not None else range(1, (max_networks or limit) + 1)
    found = []
    for k in counts:
        chosen = _solve(gains_TN, np.array([c.n_params for c in ordered]), k, max_params)
        if chosen is not None:
            found.append(_composition([ordered[j] for j in chosen], names))
    return tuple(found)


def _gain(candidate: Candidate, task: str) -> float:
    gain = candidate.gains.get(task, math.nan)
    return gain if math.isfinite(gain) else math.nan


def _composition(chosen: Sequence[Candidate], tasks: Sequence[str]) -> Composition:
    serving = {}
    for task in tasks:
        able = [c for c in chosen if not math.isnan(_gain(c, task))]
        serving[task] = min(able, key=lambda c: (-c.gains[task], c.n_params, c.key))
    used = sorted({c.key: c for c in serving.values()}.values(), key=lambda c: c.key)
    return Composition(
        keys=tuple(c.key for c in used),
        serves={task: c.key for task, c in serving.items()},
        delta_m=math.fsum(c.gains[task] for task, c in serving.items()) / len(tasks),
        n_params=sum(c.n_params for c in used),
        flops=sum(c.flops for c in used),
    )


def _solve(
    gains_TN: NDArray[np.float64], params_N: NDArray[np.int64], k: int, max_params: int | None
) -> list[int] | None:
    n_tasks, n = gains_TN.shape
    task_P, network_P = np.nonzero(~np.isnan(gains_TN))
    pair_P = n + np.arange(len(task_P))
    size = n + len(task_P)
    one_P = np.ones(len(task_P))
    served = coo_array((one_P, (task_P, pair_P)), shape=(n_tasks, size))
    row_P = pair_P - n
    links = (np.r_[one_P, -one_P], (np.r_[row_P, row_P], np.r_[pair_P, network_P]))
    linked = coo_array(links, shape=(len(task_P), size))
    constraints = [
        LinearConstraint(served, 1, 1),
        LinearConstraint(linked, -np.inf, 0),
        LinearConstraint(np.r_[np.ones(n), 0 * one_P][None], 0, k),
    ]
    if max_params is not None:
        constraints.append(LinearConstraint(np.r_[params_N, 0 * one_P][None], 0, max_params))
    result = milp(
        -np.r_[-1e-9 * (1 + params_N / (1 + params_N.sum())), gains_TN[task_P, network_P]],
        integrality=np.r_[np.ones(n), 0 * one_P], bounds=Bounds(0, 1), constraints=constraints,
        options={"mip_rel_gap": 0.0},
    )
    return None if result.x is None else [j for j in range(n) if result.x[j] > 0.5]
