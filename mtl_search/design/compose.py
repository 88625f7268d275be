"""Choosing, exactly, the best design out of the networks measured so far: a facility-location problem."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_search.design.facility import Facilities, best_facilities

__all__ = ["Candidate", "Composition", "compose"]

_TIE = 1e-6         # percent: designs whose summed gains differ by less are equally good
_BUDGET_UNIT = 4.0  # prices settle fastest where the whole budget counts about as much as a few tasks


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
    """The best design of at most ``k`` networks, for each feasible ``k`` from 1 to ``max_networks``.

    Without ``max_networks``: up to the number of tasks, beyond which more networks cannot help. With
    ``max_params`` the one best design within that budget (and within ``max_networks``, where given). Empty
    where no choice serves every task. Of designs that are equal to a millionth of a percent: fewer networks,
    then fewer parameters, then always the same one, whatever the order of candidates and tasks.

    >>> measured = [Candidate("a", {"x": 4.0, "y": -2.0}, 10), Candidate("b", {"y": 3.0}, 10)]
    >>> [(best.keys, best.delta_m) for best in compose(measured, ["x", "y"], max_networks=2)]
    [(('a',), 1.0), (('a', 'b'), 3.5)]
    """
    names = sorted(tasks)
    if not names or (max_networks is not None and max_networks < 1):
        raise ValueError(f"compose: expected a task and a network, found {len(names)} and {max_networks}")
    affordable = (c for c in candidates if max_params is None or c.n_params <= max_params)
    ordered = sorted(affordable, key=lambda c: (c.n_params, c.key))
    if not all(any(_serves(c, task) for c in ordered) for task in names):
        return ()
    gains_NT, worst = _gains(ordered, names)
    facilities, budget = _facilities(gains_NT, np.array([float(c.n_params) for c in ordered]), max_params)
    limit = max_networks or len(names)
    found: list[Composition] = []
    best: tuple[int, ...] = ()
    for k in range(1, limit + 1) if max_params is None else [limit]:
        if not best or gains_NT[list(best)].max(axis=0).sum() < gains_NT.max(axis=0).sum():
            best, worst = best_facilities(facilities, min(k, len(names)), budget, worst, best)
        if best:
            found.append(_composition([ordered[j] for j in best], names))
    return tuple(found)


def _serves(candidate: Candidate, task: str) -> bool:
    return math.isfinite(candidate.gains.get(task, math.nan))


def _gains(candidates: Sequence[Candidate], tasks: Sequence[str]) -> tuple[NDArray[np.float64], float]:
    """The gains, absent ones so low that one outweighs everything, and a value below that of any design."""
    gains_NT = np.array([[c.gains[t] if _serves(c, t) else math.nan for t in tasks] for c in candidates])
    low, high = float(np.nanmin(gains_NT)), float(np.nanmax(gains_NT))
    absent = low - len(tasks) * (high - low) - 2.0
    return np.where(np.isnan(gains_NT), absent, gains_NT), len(tasks) * low - 1.0


def _facilities(
    gains_NT: NDArray[np.float64], params_N: NDArray[np.float64], max_params: int | None
) -> tuple[Facilities, float]:
    """The problem without the networks that a cheaper one dominates, and its budget; params ascend."""
    n, n_tasks = gains_NT.shape
    kept: list[int] = []
    for j in range(n):
        if not (gains_NT[kept] >= gains_NT[j]).all(axis=1).any():
            kept.append(j)
    costs_N = _TIE * (1.0 + params_N / (2.0 * n_tasks * max(1.0, params_N[-1])))
    if max_params is None:
        return Facilities(np.arange(n), gains_NT, costs_N, np.zeros(n)).take(np.array(kept)), 0.0
    unit = 2.0 ** math.ceil(math.log2(max(1, max_params) / _BUDGET_UNIT))  # a power of two: sums stay exact
    facilities = Facilities(np.arange(n), gains_NT, costs_N, params_N / unit)
    return facilities.take(np.array(kept)), max_params / unit


def _composition(chosen: Sequence[Candidate], tasks: Sequence[str]) -> Composition:
    """The design of these networks: each task served by the best, of equal ones the smallest."""
    serving = {}
    for task in tasks:
        able = [c for c in chosen if _serves(c, task)]
        serving[task] = min(able, key=lambda c: (-c.gains[task], c.n_params, c.key))
    used = sorted({c.key: c for c in serving.values()}.values(), key=lambda c: c.key)
    return Composition(
        keys=tuple(c.key for c in used),
        serves={task: c.key for task, c in serving.items()},
        delta_m=math.fsum(c.gains[task] for task, c in serving.items()) / len(tasks),
        n_params=sum(c.n_params for c in used),
        flops=sum(c.flops for c in used),
    )
