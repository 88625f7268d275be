"""Profiles: what each column of a table holds, before it is said what any of them is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.data.encoding import is_identifier
from mtl_search.data.inputs.categorical import is_categorical
from mtl_search.data.streamed import columns_of

__all__ = ["Holds", "Profile", "profiles_of"]

SHOWN = 200  # distinct values that are counted one by one


class Holds(StrEnum):
    """What the values of a column are; its text is for people."""

    NUMBERS = "numbers"
    WHOLE = "whole numbers"
    TEXT = "text"
    FLAGS = "true or false"
    DATES = "dates"
    LISTS = "lists"
    NOTHING = "nothing"
    OTHER = "other"


@final
@dataclass(frozen=True, slots=True)
class Profile:
    """A column in the rows that were looked at.

    ``counts``: how often each value occurs, the most frequent first; empty if there are too many.
    ``identifies``: all values differ and mean nothing else. ``infinite``: some number is.
    """

    name: str
    type: str
    holds: Holds
    rows: int
    missing: int
    distinct: int
    counts: Mapping[Any, int]
    identifies: bool
    infinite: bool
    low: float = float("nan")
    high: float = float("nan")

    @property
    def known(self) -> int:
        """Rows that have a value."""
        return self.rows - self.missing


def profiles_of(table: pa.Table, n_rows: int) -> dict[str, Profile]:
    """The profile of each column; the table is plain, and what counts as missing is null.

    ``n_rows``: of the whole table, of which these may be a sample.
    """
    columns = zip(table.column_names, columns_of(table, table.column_names), strict=True)
    return {name: _profile(name, column, n_rows) for name, column in columns}


def _profile(name: str, column: pa.ChunkedArray, n_rows: int) -> Profile:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    known = column.filter(pc.invert(pc.is_null(column, nan_is_null=True)))
    holds = _holds(known)
    countable = holds not in (Holds.LISTS, Holds.OTHER, Holds.NOTHING)
    distinct = len(pc.unique(known)) if countable else len(known)
    low, high, infinite = _bounds(known, holds)
    return Profile(
        name=name,
        type=str(column.type),
        holds=holds,
        rows=len(column),
        missing=len(column) - len(known),
        distinct=distinct,
        counts=_counts(known) if countable and distinct <= SHOWN else {},
        identifies=countable and _identifies(known, name, distinct, low, high, n_rows),
        infinite=infinite,
        low=low,
        high=high,
    )


def _holds(known: pa.ChunkedArray) -> Holds:
    kind, types = known.type, pa.types
    if len(known) == 0 or types.is_null(kind):
        return Holds.NOTHING
    if types.is_boolean(kind):
        return Holds.FLAGS
    if is_categorical(kind):
        return Holds.TEXT
    if types.is_integer(kind):
        return Holds.WHOLE
    if types.is_floating(kind) or types.is_decimal(kind):
        values = np.asarray(pc.cast(known, pa.float64(), safe=False))
        return Holds.WHOLE if bool((values == np.floor(values)).all()) else Holds.NUMBERS
    if types.is_date(kind) or types.is_timestamp(kind):
        return Holds.DATES
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return Holds.LISTS
    return Holds.NUMBERS if types.is_time(kind) or types.is_duration(kind) else Holds.OTHER


def _counts(known: pa.ChunkedArray) -> dict[Any, int]:
    if pa.types.is_temporal(known.type):  # of which Python's have fewer years
        known = pc.cast(known, pa.string())
    pairs = [(entry["values"], entry["counts"]) for entry in pc.value_counts(known).to_pylist()]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], str(pair[0]))))


def _bounds(known: pa.ChunkedArray, holds: Holds) -> tuple[float, float, bool]:
    if holds not in (Holds.NUMBERS, Holds.WHOLE) or pa.types.is_temporal(known.type):
        return float("nan"), float("nan"), False
    values = np.asarray(pc.cast(known, pa.float64(), safe=False))
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan"), True
    return float(finite.min()), float(finite.max()), len(finite) < len(values)


def _identifies(
    known: pa.ChunkedArray, name: str, distinct: int, low: float, high: float, n_rows: int
) -> bool:
    """As for the inputs of a whole table; in a sample, numbers that count up to the rows of the table do."""
    counts_up = distinct == len(known) > 20 and n_rows * 0.98 <= high - low + 1 <= n_rows * 1.02
    is_whole = pa.types.is_integer(known.type)
    return is_identifier(known, name) or bool(is_whole and counts_up and len(known) < n_rows)
