"""How much each row counts: a column of numbers, checked."""

# N rows

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mtl_search.errors import DataError
from mtl_search.tasks.columns import count_rows, numbers

__all__ = ["row_weights", "uneven_weights", "without_weightless"]

UNEVEN = 0.5  # share of the rows that equal weights would need, below which it is said


def without_weightless(table: pa.Table, column: str | None) -> tuple[pa.Table, tuple[str, ...]]:
    """``(table, notes)`` without the rows of weight 0, which count nowhere; DataError if no row is left."""
    if column is None:
        return table, ()
    weights_N = row_weights(table, column)
    none = int((weights_N == 0).sum())
    if none == len(weights_N):
        raise DataError("weight", "rows that weigh more than 0", f"0 in all {none} rows of column {column!r}")
    if not none:
        return table, ()
    return table.filter(pa.array(weights_N > 0)), (
        f"{count_rows(none)} of weight 0 in column {column!r} left out",
    )


def uneven_weights(weights_N: NDArray[np.float64] | None, column: str | None) -> tuple[str, ...]:
    """A note where few train rows carry most of the weight: how many of equal weight would say as much.

    That number is ``(sum w)^2 / sum w^2`` (Kish 1965, Survey Sampling).
    """
    if weights_N is None:
        return ()
    worth, n = float(weights_N.sum() ** 2 / (weights_N**2).sum()), len(weights_N)
    if worth >= UNEVEN * n:
        return ()
    return (
        f"weights in column {column!r} are uneven: {n:,} train rows are worth {worth:,.0f} of one weight",
    )


def row_weights(table: pa.Table, column: str) -> NDArray[np.float64]:
    """The weights as they are written; DataError unless each is a number of at least 0."""
    try:
        weights_N = numbers(table[column], column)
    except DataError as error:
        raise DataError(f"weight: {error.place}", error.expected, error.found) from error
    for wrong, what in ((np.isnan(weights_N).sum(), "without one"), ((weights_N < 0).sum(), "below 0")):
        if wrong:
            expected = "a weight of at least 0 in every row"
            raise DataError(f"weight: column {column!r}", expected, f"{wrong} of {len(table)} rows {what}")
    return weights_N
