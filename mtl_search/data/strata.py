"""Rare labels dealt evenly over the splits, for several tasks at once.

A hash alone puts all three rows of a rare class into test now and then. Rows with a rare label are therefore
dealt by the method of Sechidis, Tsoumakas and Vlahavas (2011), rarest label first, each to the split that
lacks most of it; all other rows stay where their hash puts them, whatever the other rows are.
"""

# N rows, U units (rows that stand together)

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mtl_search.data.hashing import Hashes
from mtl_search.data.spec import SplitSpec
from mtl_search.records import Split

__all__ = ["Strata", "deal"]

Codes: TypeAlias = NDArray[np.int64]
Strata: TypeAlias = Sequence[Codes]
"""Arrays of a code a row, each from one target: rows of one code should be in every split; -1: no label."""

ENOUGH = 10  # units expected in the smallest split from which a hash spreads a label well enough


def deal(
    of_N: NDArray[np.str_], hashes_N: Hashes, shares_N: NDArray[np.float64], strata: Strata, split: SplitSpec
) -> NDArray[np.str_]:
    """``of_N`` with the rows of rare labels dealt anew; rows of equal hash stand together."""
    _, first_U, unit_N = np.unique(hashes_N, return_index=True, return_inverse=True)
    held_back = np.array([split.valid_fraction, split.test_fraction])
    fractions = np.array([1 - held_back.sum(), *held_back])  # in the order of Split
    labels = _rare(strata, unit_N, ENOUGH / fractions.min())
    if not labels:
        return of_N
    names = np.array([str(which) for which in Split])
    of_U = np.array([list(names).index(which) for which in of_N[first_U]])
    order_U, share_U = np.full(len(first_U), -1), shares_N[first_U]
    wanted = [len(units) * fractions for units in labels]
    holders: dict[int, list[int]] = {}
    for label, units in enumerate(labels):
        for unit in units:
            holders.setdefault(int(unit), []).append(label)
    for label in sorted(range(len(labels)), key=lambda label: (len(labels[label]), label)):
        for unit in sorted(labels[label], key=lambda unit: share_U[unit]):
            if order_U[unit] >= 0:
                continue
            order_U[unit] = place = int(np.argmax(wanted[label]))  # of equal ones train, then valid
            for held in holders[int(unit)]:
                wanted[held][place] -= 1
    dealt_U = np.where(order_U >= 0, order_U, of_U)
    return names[dealt_U[unit_N]]


def _rare(strata: Strata, unit_N: Codes, limit: float) -> list[Codes]:
    """The units of each label that fewer than ``limit`` units have, in the order of the strata."""
    found: list[Codes] = []
    for codes_N in strata:
        known_N = codes_N >= 0
        pairs = np.unique(np.stack([codes_N[known_N], unit_N[known_N]]), axis=1)
        starts = np.flatnonzero(np.diff(pairs[0], prepend=-1))
        of_labels = np.split(pairs[1], starts[1:])
        found += [units for units in of_labels if 0 < len(units) < limit]
    return found
