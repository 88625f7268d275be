"""A split by time: the last rows are test, those before them valid."""

# N rows

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mtl_search.data.inputs.numeric import is_numeric, read_numbers
from mtl_search.data.plain import plain_column
from mtl_search.data.spec import SplitSpec
from mtl_search.errors import DataError
from mtl_search.records import Split

__all__ = ["split_by_time"]


def split_by_time(column: pa.ChunkedArray, split: SplitSpec) -> NDArray[np.str_]:
    """The split of each row. Rows of one moment stand together, on the side of most of them."""
    place = f"split.time {split.time!r}"
    column = plain_column(column)
    if not is_numeric(column.type):
        hint = "write dates as 2024-12-31, or a number that rises with time"
        raise DataError(place, "dates, times or numbers", f"values of type {column.type}", hint)
    moments_N = _exact(column)
    missing = int(np.asarray(column.is_null(nan_is_null=True)).sum())
    if missing:
        raise DataError(place, "a time in every row", f"{missing} rows without one")
    ordered = np.sort(moments_N)
    test_from = _boundary(ordered, split.test_fraction)
    valid_from = _boundary(ordered, split.test_fraction + split.valid_fraction)
    return np.select(
        [moments_N >= test_from, moments_N >= valid_from], [Split.TEST, Split.VALID], Split.TRAIN
    )


def _exact(column: pa.ChunkedArray) -> NDArray[Any]:
    """Numbers that order like the column; integers stay integers."""
    if pa.types.is_integer(column.type):
        return np.asarray(column.fill_null(0).to_numpy())
    return read_numbers(column, "time")


def _boundary(ordered_N: NDArray[Any], share: float) -> Any:
    """The first moment of the last ``share`` of the rows: the nearest that cuts no moment in two."""
    wanted = round(len(ordered_N) * (1 - share))
    moment = ordered_N[min(wanted, len(ordered_N) - 1)]
    before, after = np.searchsorted(ordered_N, moment, "left"), np.searchsorted(ordered_N, moment, "right")
    if wanted - before <= after - wanted or after == len(ordered_N):
        return moment
    return ordered_N[after]
