"""Whole numbers that are codes: of a name that says so, or whose order says nothing and whose levels much."""

# N rows, L levels

import re
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from mtl_search.data import Dataset
from mtl_search.drafting.profiles import Holds, Profile

__all__ = ["find_codes"]

NAMED = re.compile(
    r"(?i)(^|[_\W])(zip|zipcode|postal|postcode|plz|code|cd|type|category|class|cluster|region|district|county|"
    r"country|state|store|shop|branch|department|dept|sector|industry|channel|brand|model|sku|icd\d*|drg|id|no)$"
)
FEWEST = 3  # levels
ROWS = 5  # a level, on average, without which its effect is not seen
MOST = 1000  # levels
GAIN = 0.1  # of the variance that levels explain and a smooth curve does not
SMOOTH = 4  # degree of that curve


def find_codes(profiles: Mapping[str, Profile], dataset: Dataset) -> dict[str, str]:
    """The numeric inputs that are better taken as categories, and why."""
    found = {}
    numeric = dataset.encoding.numeric
    features_NF = dataset.train.inputs["numeric"].numpy()
    for position, name in enumerate(numeric.columns):
        profile = profiles[name]
        enough = FEWEST <= profile.distinct <= min(MOST, profile.known / ROWS)
        if profile.holds is not Holds.WHOLE or not enough:
            continue
        if NAMED.search(name):
            found[name] = f"codes by its name, {profile.distinct:,} different"
        elif (task := _unordered(dataset, features_NF[:, position].astype(float))) is not None:
            found[name] = f"its {profile.distinct:,} levels say more of {task} than its order"
    return found


def _unordered(dataset: Dataset, values_N: NDArray[np.float64]) -> str | None:
    """A task that the levels explain beyond any smooth curve."""
    levels_L, level_N = np.unique(values_N, return_inverse=True)
    spread = values_N.std()
    if len(levels_L) <= SMOOTH + 1 or not spread:
        return None
    curve_ND = np.polynomial.legendre.legvander(_scaled(level_N, len(levels_L)), SMOOTH)
    for name, signal_N in _signals(dataset):
        known_N = ~np.isnan(signal_N)
        n = int(known_N.sum())
        if n < ROWS * len(levels_L):
            continue
        target_N = signal_N[known_N] - signal_N[known_N].mean()
        total = float((target_N**2).sum())
        fitted, *_ = np.linalg.lstsq(curve_ND[known_N], target_N, rcond=None)
        rest_of_curve = float(((target_N - curve_ND[known_N] @ fitted) ** 2).sum())
        sums_L = np.bincount(level_N[known_N], target_N, len(levels_L))
        counts_L = np.bincount(level_N[known_N], minlength=len(levels_L))
        rest_of_levels = total - float((sums_L**2 / np.maximum(counts_L, 1)).sum())
        by_chance = (n - SMOOTH - 1) / (n - len(levels_L))  # as in an adjusted R2
        if total and rest_of_curve - rest_of_levels * by_chance > GAIN * total:
            return name
    return None


def _scaled(level_N: NDArray[np.intp], levels: int) -> NDArray[np.float64]:
    return 2.0 * level_N / (levels - 1) - 1.0


def _signals(dataset: Dataset) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for name, task in dataset.tasks.items():
        labelled_N = dataset.train.labelled[name].numpy()
        for signal_N in task.signals(dataset.train.targets[name]).double().numpy().T:
            yield name, np.where(labelled_N, signal_N, np.nan)
