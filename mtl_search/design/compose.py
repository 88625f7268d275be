"""Choosing, exactly, the best design out of the networks measured so far."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from mtl_search.design.facilities import Facilities
from mtl_search.design.pricing import PriceSearch

__all__ = ["Candidate", "Composition", "as_facilities", "compose", "composition", "undominated"]

_TIE = 1e-6  # percent: designs whose summed gains differ by less are equally good
_BUDGET_UNIT = 4.0  # prices settle fastest if the whole budget counts about as much as a few tasks


@final
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


@final
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
    ``max_params`` the one best design within that budget (and within ``max_networks``, if given). Empty
    if no choice serves every task. Of designs that are equal to a millionth of a percent: fewer networks,
    then fewer parameters, then always the same one, whatever the order of candidates and tasks.

    >>> measured = [Candidate("a", {"x": 4.0, "y": -2.0}, 10), Candidate("b", {"y": 3.0}, 10)]
    >>> [(best.keys, best.delta_m) for best in compose(measured, ["x", "y"], max_networks=2)]
    [(('a',), 1.0), (('a', 'b'), 3.5)]
    """
    names = sorted(tasks)
    if not names or (max_networks is not None and max_networks < 1):
        raise ValueError(f"compose: expected a task and a network, found {len(names)} and {max_networks}")
    if len({c.key for c in candidates}) < len(candidates):
        raise ValueError("compose: expected candidates with a key of their own, found some that share one")
    affordable = (c for c in candidates if max_params is None or c.n_params <= max_params)
    ordered = sorted(affordable, key=lambda c: (c.n_params, c.key))
    if not all(any(_serves(c, task) for c in ordered) for task in names):
        return ()
    facilities, budget = as_facilities(ordered, names, max_params)
    limit = len(names) if max_networks is None else max_networks
    found: list[Composition] = []
    best: tuple[int, ...] = ()
    for k in range(1, limit + 1) if max_params is None else [limit]:
        best = _best(facilities, min(k, len(names)), budget, best)
        if best:
            found.append(composition([ordered[j] for j in best], names))
    return tuple(found)


def _serves(candidate: Candidate, task: str) -> bool:
    return math.isfinite(candidate.gains.get(task, math.nan))


def as_facilities(
    candidates: Sequence[Candidate], tasks: Sequence[str], max_params: int | None
) -> tuple[Facilities, float]:
    """The problem without networks that are dominated by one before them, which is no larger; its budget."""
    gains_NT = np.array([[c.gains[t] if _serves(c, t) else -math.inf for t in tasks] for c in candidates])
    kept: list[int] = []
    for j, gains_T in enumerate(gains_NT):
        if not (gains_NT[kept] >= gains_T).all(axis=1).any():
            kept.append(j)
    params_N = np.array([float(c.n_params) for c in candidates])
    costs_N = _TIE * (1.0 + params_N / (2.0 * len(tasks) * max(1.0, params_N[-1])))
    # the unit is a power of two, so that sums of shares are exact
    unit = 2.0 ** math.ceil(math.log2(max(1, max_params or 0) / _BUDGET_UNIT))
    shares_N = np.zeros(len(candidates)) if max_params is None else params_N / unit
    facilities = Facilities(np.arange(len(candidates)), gains_NT, costs_N, shares_N)
    return facilities.take(np.array(kept)), (max_params or 0) / unit


def _best(facilities: Facilities, k: int, budget: float, fewer: tuple[int, ...]) -> tuple[int, ...]:
    """The best choice of at most ``k``; ``fewer`` is that of at most ``k - 1``."""
    best_T = facilities.gains_NT.max(axis=0)
    if fewer and (facilities.gains_NT[np.isin(facilities.index_N, fewer)].max(axis=0) == best_T).all():
        return fewer
    search = PriceSearch(facilities, k, budget, fewer)
    search.run()
    return search.best


def composition(chosen: Sequence[Candidate], tasks: Sequence[str]) -> Composition:
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


def undominated(candidates: Sequence[Candidate], tasks: Sequence[str]) -> list[Candidate]:
    """The candidates without those that a no larger one equals or beats in every task: no design needs them.

    >>> small, large = Candidate("a", {"x": 1.0}, 10), Candidate("b", {"x": 0.5}, 20)
    >>> [one.key for one in undominated([large, small], ["x"])]
    ['a']
    """
    ordered = sorted(candidates, key=lambda c: (c.n_params, c.key))
    if not ordered:
        return []
    facilities, _ = as_facilities(ordered, sorted(tasks), None)
    return [ordered[j] for j in facilities.index_N]
