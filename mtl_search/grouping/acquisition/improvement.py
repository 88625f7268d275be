"""How much better the best design is expected to be after training one more network.

The value of a training is the expected rise of what the best design of at most k networks is believed to
gain: the knowledge gradient (Frazier et al. 2009) of a facility-location problem. It counts alike for a
set that was never trained and for training one again.
"""

# C candidate sets, M measured sets, T tasks

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mtl_search.grouping.acquisition.facility import UNSERVED, cover

__all__ = ["above", "expected_rise", "one_each"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def expected_rise(
    mean_CT: Floats, change_CT: Floats, believed_MT: Floats, known_C: Ints, max_networks: int
) -> Floats:
    """The expected rise of delta_m in percent for each candidate.

    ``change_CT``: by how much a training may move the belief about ``mean_CT`` (standard deviation), NaN
    if a task is no member. ``believed_MT`` are the measured sets, ``known_C`` says which of them a
    candidate is, -1 for none.

    >>> mean, change, believed = np.array([[3.0, 1], [0, 0]]), np.full((2, 2), 0.1), np.zeros((1, 2))
    >>> expected_rise(mean, change, believed, np.array([-1, -1]), 2).round(2).tolist()
    [2.0, 0.04]
    """
    believed_MT = np.where(np.isnan(believed_MT), -UNSERVED, believed_MT)
    mean_CT = np.where(np.isnan(mean_CT), -UNSERVED, mean_CT)
    change_CT = np.where(np.isnan(change_CT), 1e-9, change_CT)
    if max_networks >= mean_CT.shape[1]:
        return one_each(mean_CT, change_CT, believed_MT, known_C)
    return _one_place(mean_CT, change_CT, believed_MT, known_C, max_networks)


def one_each(mean_CT: Floats, change_CT: Floats, believed_MT: Floats, known_C: Ints) -> Floats:
    """With as many networks as tasks each task is served by its best: expected improvement, summed."""
    everyone_T = np.arange(believed_MT.shape[1])
    best_T, first_T = believed_MT.max(axis=0), believed_MT.argmax(axis=0)
    without_MT = believed_MT.copy()
    without_MT[first_T, everyone_T] = -UNSERVED
    itself_CT = known_C[:, None] == first_T  # then its rival is the second best
    rival_CT = np.where(itself_CT, without_MT.max(axis=0), best_T)
    above_CT, _ = above(rival_CT, mean_CT, change_CT)
    return np.asarray((rival_CT + above_CT - best_T).mean(axis=1))


def _one_place(mean_CT: Floats, change_CT: Floats, believed_MT: Floats, known_C: Ints, k: int) -> Floats:
    """With fewer networks a candidate takes the place of the one in the design where it does most good.

    What the design then gains is a sum over tasks, taken to be normal.
    """
    design = cover(np.where(believed_MT > -UNSERVED, believed_MT, np.nan), k)
    spare = {row: _gain_without(believed_MT, row, k) for row in design if (known_C == row).any()}
    total = max([_gain(believed_MT, design), *spare.values()])  # `cover` is not exact, and that is no rise
    rise_C = np.full(len(mean_CT), -np.inf)
    places = [(design[:i] + design[i + 1 :], row) for i, row in enumerate(design)]
    for rest, row in [*places, *([(design, None)] if len(design) < k else [])]:
        rest_T = believed_MT[rest].max(axis=0, initial=-UNSERVED)
        above_CT, variance_CT = above(rest_T, mean_CT, change_CT)
        reached_C = rest_T.sum() + above_CT.sum(axis=1)
        spread_C = np.sqrt(variance_CT.sum(axis=1)) + 1e-9
        fallback_C = np.full(len(mean_CT), total)
        if row in spare:  # should it disappoint, the best without it is left
            fallback_C[known_C == row] = spare[row]
        better_C, _ = above(fallback_C, reached_C, spread_C)
        twice_C = np.isin(known_C, rest)  # its old self still stands in another place
        rise_C = np.maximum(rise_C, np.where(twice_C, -np.inf, fallback_C + better_C - total))
    share_C: Floats = rise_C / mean_CT.shape[1]
    return share_C


def _gain_without(believed_MT: Floats, row: int, k: int) -> float:
    others_MT = np.delete(believed_MT, row, axis=0)
    return _gain(others_MT, cover(np.where(others_MT > -UNSERVED, others_MT, np.nan), k))


def _gain(gains_MT: Floats, design: list[int]) -> float:
    return float(gains_MT[design].max(axis=0, initial=-UNSERVED).sum())


def above(floor: Floats, mean: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of what a normal variable has above a floor."""
    z = (mean - floor) / deviation
    chance, density = ndtr(z), np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    above = deviation * (z * chance + density)
    square = deviation**2 * ((z**2 + 1) * chance + z * density)
    return above, np.maximum(square - above**2, 0.0)
