"""How much better the best design within a size is expected to be after training one more network.

As `mtl_search.grouping.acquisition.improvement`, with sizes in the place of numbers: a network that enters
pushes out what it takes the room of, and perhaps lets others in (`budget.complete`). With whom it would stand
is found for what it is believed to gain and for a lucky training; given that, the sum over tasks is taken to
be normal, as there. A design made anew for each outcome could only be better, so the rise is rather too small
than too large. One of three equally likely sizes is larger than the budget: the rise is a third less.

Within a size a set alone may be worth nothing, since its complements were not trained either: if all tasks
together just fit, each of two halves needs the other. So the best design of all sets as they are
believed, with luck, is a plan (`planned_rise`), and each new set of it is worth its share of what that gains.
"""

# C candidate sets, M standing sets, T tasks, Q sizes that a training may have

import numpy as np
import numpy.typing as npt

from mtl_search.grouping.acquisition.budget import best_of, complete, cover_within, filled
from mtl_search.grouping.acquisition.candidates import MANY
from mtl_search.grouping.acquisition.facility import UNSERVED
from mtl_search.grouping.acquisition.improvement import above, one_each

__all__ = ["expected_rise_within", "planned_rise"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def expected_rise_within(
    mean_CT: Floats,
    change_CT: Floats,
    believed_MT: Floats,
    known_C: Ints,
    sizes_QC: Floats,
    sizes_M: Floats,
    design: list[int],
    budget: float,
) -> Floats:
    """The expected rise of delta_m in percent for each candidate.

    The first four as of `expected_rise`. ``design``: the best one of the standing sets within ``budget``.
    Where there is room for all sets at once, it is exact.

    >>> mean, change, none = np.array([[3.0, 1], [9, 9]]), np.full((2, 2), 0.1), np.array([-1, -1])
    >>> sizes, standing, design = np.array([[5.0, 20]]), np.array([8.0]), [0]
    >>> expected_rise_within(mean, change, np.zeros((1, 2)), none, sizes, standing, design, 10.0).tolist()
    [2.0, 0.0]
    """
    values_MT, mean_CT = filled(believed_MT), filled(mean_CT)
    change_CT = np.where(np.isnan(change_CT), 1e-9, change_CT)
    if sizes_M.sum() + sizes_QC.max(initial=0.0) <= budget:
        return one_each(mean_CT, change_CT, values_MT, known_C)
    total = float(values_MT[design].max(axis=0, initial=-UNSERVED).sum())
    fallback_C = _without(known_C, design, values_MT, sizes_M, budget, total)
    rises_QC = []
    for sizes_C in sizes_QC:
        # a set that is trained again keeps its smallest network
        sizes_C = np.where(known_C >= 0, np.minimum(sizes_C, sizes_M[known_C]), sizes_C)
        best_C = np.zeros(len(mean_CT))
        for lucky_CT in (mean_CT, mean_CT + change_CT):
            taken_CM, parted_C = complete(
                lucky_CT, sizes_C, known_C, np.array(design, dtype=np.intp), values_MT, sizes_M, budget
            )
            rest_CT = best_of(values_MT, taken_CM)
            above_CT, variance_CT = above(rest_CT, mean_CT, change_CT)
            reached_C = rest_CT.sum(axis=1) + above_CT.sum(axis=1)
            better_C, _ = above(fallback_C, reached_C, np.sqrt(variance_CT.sum(axis=1)) + 1e-9)
            beside_C = ~parted_C & ~np.isin(known_C, design)  # it only adds: nothing is given up for it
            reached_C = np.where(beside_C, reached_C, fallback_C + better_C)
            best_C = np.maximum(best_C, reached_C - total)
        rises_QC.append(np.where(sizes_C <= budget, best_C, 0.0))
    return np.asarray(np.mean(rises_QC, axis=0) / mean_CT.shape[1])


def planned_rise(
    mean_CT: Floats,
    change_CT: Floats,
    believed_MT: Floats,
    known_C: Ints,
    sizes_C: Floats,
    sizes_M: Floats,
    design: list[int],
    budget: float,
) -> Floats:
    """The share of each candidate in what the best design of standing and new sets may gain.

    That design is the best should all trainings be lucky, and its value the expected rise if all its new sets
    are trained. Equal shares for these, as it takes the trainings of all; 0 for other sets.

    >>> halves = np.array([[2.0, 2, np.nan, np.nan], [np.nan, np.nan, 1, 3]])
    >>> both, together, none = np.array([10.0, 10.0]), np.array([20.0]), np.array([-1, -1])
    >>> rise = planned_rise(halves, 0 * halves + 0.1, np.zeros((1, 4)), none, both, together, [0], 20.0)
    >>> rise.round(3).tolist()
    [1.0, 1.0]
    """
    new = np.flatnonzero(known_C < 0)
    lucky_MT = filled(np.vstack([believed_MT, mean_CT[new] + change_CT[new]]))
    plan = cover_within(
        lucky_MT, np.concatenate([sizes_M, sizes_C[new]]), budget, roughly=mean_CT.shape[1] >= MANY
    )
    joining = new[[row - len(sizes_M) for row in plan if row >= len(sizes_M)]]
    shares_C = np.zeros(len(known_C))
    if not joining.size:
        return shares_C
    tasks_T, serving_T = np.arange(mean_CT.shape[1]), np.array(plan)[lucky_MT[plan].argmax(axis=0)]
    mean_MT = filled(np.vstack([believed_MT, mean_CT[new]]))
    change_MT = np.nan_to_num(np.vstack([0 * believed_MT, change_CT[new]]))
    total = float(filled(believed_MT)[design].max(axis=0, initial=-UNSERVED).sum())
    spread = np.sqrt((change_MT[serving_T, tasks_T] ** 2).sum()) + 1e-9
    better, _ = above(np.array([total]), mean_MT[serving_T, tasks_T].sum()[None], spread[None])
    shares_C[joining] = float(better[0]) / len(tasks_T) / len(joining)
    return shares_C


def _without(
    known_C: Ints, design: list[int], values_MT: Floats, sizes_M: Floats, budget: float, total: float
) -> Floats:
    """What the design is worth without each candidate, should that disappoint: other sets take the room."""
    fallback_C = np.full(len(known_C), total)
    rows = np.intersect1d(known_C, design)
    if rows.size:
        nobody_RT = np.full((len(rows), values_MT.shape[1]), -UNSERVED)
        taken_RM, _ = complete(
            nobody_RT, np.zeros(len(rows)), rows, np.array(design, dtype=np.intp), values_MT, sizes_M, budget
        )
        for row, worth in zip(rows, best_of(values_MT, taken_RM).sum(axis=1), strict=True):
            fallback_C[known_C == row] = worth
    return fallback_C
