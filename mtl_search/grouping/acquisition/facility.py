"""The best few networks to cover all tasks: facility location by greedy choice and swaps, for many draws.

Each task is served by the chosen network that does best on it, and the sum over tasks is what counts. Greedy
choice alone reaches 1 - 1/e of the best sum above the floor (Nemhauser et al. 1978), swaps repair most it
misses, and what is left is found by doing without one of the chosen; with at least as many networks as
tasks the best of each task is exact. `mtl_search.design.compose`
is always exact, and slower: it makes the design that a sweep reports, this one those that are imagined.
"""

# C candidate networks, T tasks, K chosen

import numpy as np
import numpy.typing as npt

__all__ = ["cover"]

Floats = npt.NDArray[np.float64]
UNSERVED = 1e6  # percent; a task without a network costs more than any gain is worth


def cover(gains_CT: Floats, max_networks: int) -> list[int]:
    """Indices of at most ``max_networks`` candidates whose best gains sum to the most, sorted.

    NaN: the candidate does not serve that task. Serving more tasks comes before serving them better. Ties go
    to fewer networks, then to the candidates that come first.

    >>> cover(np.array([[9.0, 0.0], [0.0, 8.0], [5.0, 5.0]]), 1), cover(np.array([[9.0, 0.0], [0.0, 8.0]]), 2)
    ([2], [0, 1])
    """
    if not len(gains_CT):
        return []
    gains_CT = np.where(np.isnan(gains_CT), -UNSERVED, gains_CT)
    if max_networks >= gains_CT.shape[1]:
        best_T = gains_CT.max(axis=0)
        return sorted({int(c) for c in gains_CT.argmax(axis=0)}) if best_T.max() > -UNSERVED else []
    chosen = _found(gains_CT, max_networks)
    while better := _without_one(gains_CT, chosen, max_networks):
        chosen = better
    return sorted(chosen)


def _without_one(gains_CT: Floats, chosen: list[int], max_networks: int) -> list[int] | None:
    """A better choice that one of the ``chosen`` stood in the way of: often a network of all tasks, for which
    several smaller ones have to come at once. None if there is none."""
    total = _total(gains_CT, chosen)
    for row in chosen:
        gains_CT[row], kept_T = -2 * UNSERVED, gains_CT[row].copy()
        other = _found(gains_CT, max_networks)
        gains_CT[row] = kept_T
        if row not in other and _total(gains_CT, other) > total + 1e-9:
            return other
    return None


def _found(gains_CT: Floats, max_networks: int) -> list[int]:
    """By greedy choice, then swaps."""
    chosen: list[int] = []
    value_T = np.full(gains_CT.shape[1], -UNSERVED)
    while len(chosen) < max_networks:
        totals_C = np.maximum(gains_CT, value_T).sum(axis=1)
        best = int(totals_C.argmax())
        if totals_C[best] <= value_T.sum() + 1e-9:
            break
        chosen.append(best)
        value_T = np.maximum(value_T, gains_CT[best])
    return _swap(gains_CT, chosen)


def _total(gains_CT: Floats, chosen: list[int]) -> float:
    return float(gains_CT[chosen].max(axis=0, initial=-UNSERVED).sum())


def _swap(gains_CT: Floats, chosen: list[int]) -> list[int]:
    """Exchange one network at a time while that improves the sum."""
    total = gains_CT[chosen].max(axis=0).sum() if chosen else 0.0
    improved = True
    while improved:
        improved = False
        for place in range(len(chosen)):
            others = chosen[:place] + chosen[place + 1 :]
            rest_T = gains_CT[others].max(axis=0) if others else np.full(gains_CT.shape[1], -UNSERVED)
            totals_C = np.maximum(gains_CT, rest_T).sum(axis=1)
            best = int(totals_C.argmax())
            if totals_C[best] > total + 1e-9:
                chosen, total, improved = [*others, best], totals_C[best], True
    return chosen
