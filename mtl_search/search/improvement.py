"""How much better the best design is expected to be after training one more network.

The value of a training is the expected rise of what the best design of at most k networks is believed to
gain: the knowledge gradient (Frazier et al. 2009) of a facility-location problem. It is counted alike for a
set that was never trained and for training one again, so that both compete for the budget.
"""

# C candidate sets, M measured sets, T tasks, J draws, K networks of the design

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mtl_search.search.facility import UNSERVED, cover

__all__ = ["expected_rise"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

DRAWS = 64


def expected_rise(
    mean_CT: Floats,
    change_CT: Floats,
    believed_MT: Floats,
    known_C: Ints,
    max_networks: int,
    rng: np.random.Generator,
) -> Floats:
    """The expected rise of delta_m in percent for each candidate.

    ``change_CT``: by how much a training may move the belief about ``mean_CT`` (standard deviation), NaN
    where a task is no member. ``believed_MT`` are the measured sets, ``known_C`` says which of them a
    candidate is, -1 for none.

    >>> mean, change, believed = np.array([[3.0, 1], [0, 0]]), np.full((2, 2), 0.1), np.zeros((1, 2))
    >>> rise = expected_rise(mean, change, believed, np.array([-1, -1]), 2, np.random.default_rng(0))
    >>> rise.round(2).tolist()
    [2.0, 0.04]
    """
    if max_networks >= mean_CT.shape[1]:
        return _closed_form(mean_CT, change_CT, believed_MT, known_C)
    return _by_draws(mean_CT, change_CT, believed_MT, known_C, max_networks, rng)


def _closed_form(mean_CT: Floats, change_CT: Floats, believed_MT: Floats, known_C: Ints) -> Floats:
    """With a network for each task, if need be, tasks do not compete: expected improvement, summed."""
    filled_MT = np.where(np.isnan(believed_MT), -UNSERVED, believed_MT)
    best_T, first_T = filled_MT.max(axis=0), filled_MT.argmax(axis=0)
    without_MT = filled_MT.copy()
    without_MT[first_T, np.arange(len(first_T))] = -UNSERVED
    itself_CT = known_C[:, None] == first_T  # then it competes with the second best
    rival_CT = np.where(itself_CT, without_MT.max(axis=0), best_T)
    ahead_CT = (mean_CT - rival_CT) / change_CT
    above_CT = change_CT * (ahead_CT * ndtr(ahead_CT) + np.exp(-0.5 * ahead_CT**2) / np.sqrt(2 * np.pi))
    return np.asarray(np.nanmean(np.where(np.isnan(mean_CT), 0.0, rival_CT + above_CT - best_T), axis=1))


def _by_draws(
    mean_CT: Floats, change_CT: Floats, believed_MT: Floats, known_C: Ints, k: int, rng: np.random.Generator
) -> Floats:
    """With fewer networks a candidate takes the place of one: of that where it does the most good."""
    filled_MT = np.where(np.isnan(believed_MT), -UNSERVED, believed_MT)
    design = cover(believed_MT, k)
    total = filled_MT[design].max(axis=0, initial=-UNSERVED).sum()
    noise_JCT = rng.standard_normal((DRAWS // 2, *mean_CT.shape))
    draws_JCT = mean_CT + change_CT * np.concatenate([noise_JCT, -noise_JCT])
    draws_JCT = np.where(np.isnan(draws_JCT), -UNSERVED, draws_JCT)
    reached_JC = np.full(draws_JCT.shape[:2], -np.inf)
    fallback_C = np.full(len(mean_CT), total)
    places = [(design[:i] + design[i + 1 :], row) for i, row in enumerate(design)]
    for rest, row in [*places, *([(design, -2)] if len(design) < k else [])]:
        rest_T = filled_MT[rest].max(axis=0, initial=-UNSERVED)
        with_JC = np.maximum(draws_JCT, rest_T).sum(axis=2)
        others = known_C != row
        elsewhere = np.isin(known_C, rest)  # its old self still stands there, and would be counted twice
        free = ~elsewhere
        reached_JC[:, free] = np.maximum(reached_JC[:, free], with_JC[:, free])
        if not others.all():
            without = np.delete(np.arange(len(filled_MT)), row)
            spare = [int(without[c]) for c in cover(believed_MT[without], k)]
            fallback_C[~others] = filled_MT[spare].max(axis=0, initial=-UNSERVED).sum()
    return np.asarray((np.maximum(reached_JC, fallback_C).mean(axis=0) - total) / mean_CT.shape[1])
