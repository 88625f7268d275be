"""Masks: grids whose values are classes."""

# B rows of a block, K classes, H x W pixels

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mtl_search.errors import DataError
from mtl_search.tasks.columns import place

__all__ = ["codes_among", "counts_of", "masks_of"]


def counts_of(values: NDArray[Any], known: NDArray[np.bool_], name: str) -> dict[int, int]:
    """How often each value occurs where it is known; DataError if one is no whole number.

    >>> counts_of(np.array([7, 7, 2]), np.array([True, True, False]), "mask")
    {7: 2}
    """
    found = values[known]
    if found.dtype == np.uint8:
        counts = np.bincount(found, minlength=1)
        return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}
    if found.dtype.kind == "f" and (broken := found[found != np.floor(found)]).size:
        hint = "use kind: pixel_regression"
        raise DataError(place(name), "classes (whole numbers)", str(broken[0]), hint)
    pairs = zip(*(each.tolist() for each in np.unique(found, return_counts=True)), strict=True)
    return {int(value): count for value, count in pairs}


def codes_among(
    values: NDArray[Any], classes: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The place of each value among the classes, and whether it is one of them.

    >>> codes_among(np.array([2, 9, 5]), (9, 2))
    (array([1, 0, 0]), array([ True,  True, False]))
    """
    order_K = np.argsort(classes)
    sorted_K = np.asarray(classes)[order_K]
    at = np.searchsorted(sorted_K, values).clip(max=len(classes) - 1)
    return order_K[at], sorted_K[at] == values


def masks_of(values_BHW: NDArray[Any], known_BHW: NDArray[np.bool_]) -> pa.Array:
    """A column of lists of lines, null where nothing is known."""
    flat = pa.array(np.where(known_BHW, values_BHW, 0).ravel(), pa.int64(), mask=~known_BHW.ravel())
    lines = pa.FixedSizeListArray.from_arrays(flat, values_BHW.shape[2])
    return pa.FixedSizeListArray.from_arrays(lines, values_BHW.shape[1])
