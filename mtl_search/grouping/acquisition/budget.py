"""The best networks within a size: facility location under a budget, by greedy choice and exchanges.

Each task is served by the chosen network that does best on it; the sizes of the chosen add up to the budget
at most. The better of two greedy choices, by gain and by gain for its size, reaches (1 - 1/e) / 2 of the best
sum (Leskovec et al. 2007, after Khuller et al. 1999). It is repaired by letting in each network that is
outside: members of the design leave, those first that lose least for the room they make, until it fits, and
what room is then left is filled. `complete` is that move; `budget_rise` asks it too what a new network would
push out. From there a search by prices (`mtl_search.design.pricing`) proves the best, or stops after `NODES`:
of 10 tasks it is nearly always proven, of 100 seldom. `mtl_search.design.compose` is always exact, and may
take many seconds.
"""

# C networks that are let in, M standing networks, T tasks, K of the design

import numpy as np
import numpy.typing as npt

from mtl_search.design.facilities import Facilities
from mtl_search.design.pricing import PriceSearch
from mtl_search.grouping.acquisition.facility import UNSERVED

__all__ = ["complete", "cover_within", "filled"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

TINY = 1e-9
CHUNK = 2_000_000  # numbers at a time
NODES = 100  # of the search by prices
ROUNDS = 5  # of exchanges at most


def filled(gains: Floats) -> Floats:
    """Gains with a great loss in the place of NaN."""
    return np.where(np.isnan(gains), -UNSERVED, gains)


def cover_within(gains_MT: Floats, sizes_M: Floats, budget: float, *, roughly: bool = False) -> list[int]:
    """Indices of the networks within ``budget`` whose best gains sum to the most, sorted.

    NaN: does not serve that task. Serving more tasks comes before serving them better. ``roughly``: without
    exchanges and without branching, for many networks.

    >>> gains = np.array([[9.0, 0.0], [0.0, 8.0], [5.0, 5.0]])
    >>> [cover_within(gains, np.array([10.0, 10.0, 12.0]), budget) for budget in (20, 19, 11, 9)]
    [[0, 1], [2], [0], []]
    """
    values_MT = filled(gains_MT)
    nothing_1T = np.full((1, values_MT.shape[1]), -UNSERVED)
    starts = [
        _fill(nothing_1T, np.array([float(budget)]), values_MT, sizes_M, None, by_size=by_size)[0][0]
        for by_size in (False, True)
    ]
    best_M = max(starts, key=lambda taken_M: _total(values_MT, taken_M))
    for _ in range(0 if roughly else ROUNDS):
        best_M, before = _exchange(best_M, values_MT, sizes_M, budget), _total(values_MT, best_M)
        if _total(values_MT, best_M) <= before + TINY:
            break
    return _needed(values_MT, _proven(best_M, values_MT, sizes_M, budget, 1 if roughly else NODES))


def _proven(start_M: Bools, values_MT: Floats, sizes_M: Floats, budget: float, nodes: int) -> Bools:
    """The best choice of all if ``nodes`` of a search by prices prove it; else the best met on the way.

    What no network serves is left to one that serves everything badly and takes no room.
    """
    served_MT = values_MT > -UNSERVED
    gains = values_MT[served_MT]
    if not gains.size:
        return start_M
    badly = float(gains.min() - values_MT.shape[1] * (1.0 + np.ptp(gains)))
    unit = 2.0 ** np.ceil(np.log2(max(1.0, budget) / 4))  # a power of two, so that sums of shares are exact
    nobody_1T = np.full((1, values_MT.shape[1]), badly)
    facilities = Facilities(
        index_N=np.arange(len(values_MT) + 1),
        gains_NT=np.vstack([np.where(served_MT, values_MT, -np.inf), nobody_1T]),
        costs_N=np.append(np.full(len(values_MT), TINY), 0.0),
        shares_N=np.append(sizes_M, 0.0) / unit,
    )
    order_N = np.argsort(facilities.shares_N, kind="stable")
    kept: list[int] = []
    for row in order_N.tolist():
        if not (facilities.gains_NT[kept] >= facilities.gains_NT[row]).all(axis=1).any():
            kept.append(row)
    start = (*np.flatnonzero(start_M).tolist(), len(values_MT))
    search = PriceSearch(
        facilities.take(np.array(sorted({*kept, *start}))), values_MT.shape[1] + 1, budget / unit, start
    )
    search.run(nodes)
    best_M = np.zeros(len(values_MT), dtype=bool)
    best_M[[row for row in search.best if row < len(values_MT)]] = True
    return best_M


def _exchange(taken_M: Bools, values_MT: Floats, sizes_M: Floats, budget: float) -> Bools:
    """The best choice that letting in any network makes, or doing without one."""
    every_M, design = np.arange(len(values_MT)), np.flatnonzero(taken_M)
    nobody_KT, no_size_K = np.full((len(design), values_MT.shape[1]), -UNSERVED), np.zeros(len(design))
    within = (design, values_MT, sizes_M, budget)
    entered_MM, _ = complete(values_MT, sizes_M, every_M, *within)
    entered_MM[every_M, every_M] = sizes_M <= budget
    left_KM, _ = complete(nobody_KT, no_size_K, design, *within)
    found_XM = np.vstack([entered_MM, left_KM])
    return np.asarray(found_XM[best_of(values_MT, found_XM).sum(axis=1).argmax()])


def complete(
    values_CT: Floats,
    sizes_C: Floats,
    own_C: Ints,
    design: Ints,
    values_MT: Floats,
    sizes_M: Floats,
    budget: float,
) -> tuple[Bools, Bools]:
    """Which standing networks go with each of C that enters ``design``, and whether any had to leave.

    ``own_C``: the standing network that it is, -1 for none; that one never goes with it. No value is NaN
    (`filled`). What is larger than the budget goes with none.
    """
    taken_CM = np.zeros((len(values_CT), len(values_MT)), dtype=bool)
    taken_CM[:, design] = True
    known = np.flatnonzero(own_C >= 0)
    taken_CM[known, own_C[known]] = False
    taken_CM[sizes_C > budget] = False
    left_C = budget - sizes_C - taken_CM @ sizes_M
    over = np.flatnonzero((left_C < -TINY) & (sizes_C <= budget))
    parted_C = np.zeros(len(values_CT), dtype=bool)
    parted_C[over] = True
    if over.size:
        taken_KM = taken_CM[np.ix_(over, design)]
        kept_CK = _drop(values_CT[over], taken_KM, -left_C[over], values_MT[design], sizes_M[design])
        taken_CM[np.ix_(over, design)] = kept_CK
    left_C = budget - sizes_C - taken_CM @ sizes_M
    served_CT = np.maximum(values_CT, best_of(values_MT, taken_CM))
    added_CM, _ = _fill(served_CT, left_C, values_MT, sizes_M, own_C, by_size=False)
    return taken_CM | added_CM, parted_C


def best_of(values_MT: Floats, taken_CM: Bools) -> Floats:
    """The best value of each task among the networks taken, in each row."""
    best_CT = np.full((len(taken_CM), values_MT.shape[1]), -UNSERVED)
    for row in np.flatnonzero(taken_CM.any(axis=0)):
        best_CT = np.maximum(best_CT, np.where(taken_CM[:, row, None], values_MT[row], -UNSERVED))
    return best_CT


def _drop(values_CT: Floats, taken_CK: Bools, over_C: Floats, values_KT: Floats, sizes_K: Floats) -> Bools:
    """Take networks out, one after another, until none is over: that which loses least for what it frees."""
    taken_CK, over_C = taken_CK.copy(), over_C.copy()
    while (rows := np.flatnonzero((over_C > TINY) & taken_CK.any(axis=1))).size:
        here_CKT = np.where(taken_CK[rows, :, None], values_KT, -UNSERVED)
        first_CT = here_CKT.max(axis=1)
        which_CT = here_CKT.argmax(axis=1)
        np.put_along_axis(here_CKT, which_CT[:, None], -np.inf, axis=1)
        second_CT = np.maximum(here_CKT.max(axis=1), values_CT[rows])
        lost_CT = np.maximum(first_CT - np.maximum(second_CT, -UNSERVED), 0.0)
        loss_CK = np.zeros(taken_CK[rows].shape)
        for task in range(lost_CT.shape[1]):
            loss_CK[np.arange(len(rows)), which_CT[:, task]] += lost_CT[:, task]
        freed_CK = np.minimum(sizes_K, over_C[rows, None])
        price_CK = np.where(taken_CK[rows], (loss_CK + TINY) / np.maximum(freed_CK, TINY), np.inf)
        leaving = price_CK.argmin(axis=1)
        taken_CK[rows, leaving] = False
        over_C[rows] -= sizes_K[leaving]
    return taken_CK


def _fill(
    served_CT: Floats,
    left_C: Floats,
    values_MT: Floats,
    sizes_M: Floats,
    own_C: Ints | None,
    *,
    by_size: bool,
) -> tuple[Bools, Floats]:
    """Add networks while they fit and help; which were added, and what is then served."""
    served_CT, left_C = served_CT.copy(), left_C.copy()
    added_CM = np.zeros((len(served_CT), len(values_MT)), dtype=bool)
    active = np.flatnonzero(left_C >= sizes_M.min(initial=np.inf))
    while active.size:
        rise_CM = _rises(served_CT[active], values_MT)
        rise_CM[sizes_M > left_C[active, None]] = 0.0
        if own_C is not None:
            known = np.flatnonzero(own_C[active] >= 0)
            rise_CM[known, own_C[active][known]] = 0.0
        best_C = (rise_CM / np.maximum(sizes_M, TINY) if by_size else rise_CM).argmax(axis=1)
        helped = rise_CM[np.arange(len(active)), best_C] > TINY
        active, best_C = active[helped], best_C[helped]
        added_CM[active, best_C] = True
        served_CT[active] = np.maximum(served_CT[active], values_MT[best_C])
        left_C[active] -= sizes_M[best_C]
    return added_CM, served_CT


def _rises(served_CT: Floats, values_MT: Floats) -> Floats:
    """By how much each network would raise the sum of what is served, row by row."""
    rise_CM = np.empty((len(served_CT), len(values_MT)))
    step = max(1, CHUNK // max(1, values_MT.size))
    for start in range(0, len(served_CT), step):
        part_CT = served_CT[start : start + step]
        rise_CM[start : start + step] = np.maximum(values_MT - part_CT[:, None], 0.0).sum(axis=2)
    return rise_CM


def _total(values_MT: Floats, taken_M: Bools) -> float:
    return float(values_MT[taken_M].max(axis=0, initial=-UNSERVED).sum())


def _needed(values_MT: Floats, taken_M: Bools) -> list[int]:
    """Those of the networks taken that serve a task."""
    taken = np.flatnonzero(taken_M)
    if not taken.size:
        return []
    best_T = values_MT[taken].max(axis=0)
    return sorted({int(taken[k]) for k in values_MT[taken].argmax(axis=0)[best_T > -UNSERVED]})
