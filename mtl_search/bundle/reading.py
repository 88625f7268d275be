"""Rows of any table as a network's inputs, by the rules that training had."""

# N rows

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.data import DataSpec, Encoding, Inputs
from mtl_search.data.inputs import AnyInputs, CategoricalInputs, NumericInputs, SeriesInputs
from mtl_search.data.inputs.categorical import is_categorical
from mtl_search.data.inputs.numeric import Said, said
from mtl_search.data.missing import with_missing
from mtl_search.data.notes import Note
from mtl_search.data.plain import plain_table
from mtl_search.errors import DataError, nearest

__all__ = ["Reading"]

SHOWN = 5  # missing columns that an error names


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """How a table is read: what counts as missing, and what each column must be."""

    rules: DataSpec
    inputs: Encoding

    def check_names(self, names: Iterable[str]) -> None:
        """DataError, with what training saw, if an input is not among the names or there twice."""
        there = Counter(names)
        for inputs in self.inputs.inputs:
            for name in inputs.columns:
                if there[name] != 1:
                    found = self._no_column(there) if name not in there else "two columns of that name"
                    hint = nearest(name, there) if name not in there else None
                    raise DataError(f"column {name!r}", seen(inputs, name), found, hint)

    def _no_column(self, there: Container[str]) -> str:
        """How it is said that a column is missing, with how many others are."""
        missing = [repr(name) for name in self.inputs.columns if name not in there]
        if len(missing) == 1:
            return "no column of that name"
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        return f"none of {', '.join(missing[:SHOWN])}{more}"

    def prepare(self, table: pa.Table) -> pa.Table:
        """The input columns alone, missing ones null, each of the kind that training saw; else DataError."""
        self.check_names(table.column_names)
        chosen = table.select(list(self.inputs.columns))
        plain = self._with_dates(with_missing(plain_table(chosen), self.rules, {}))
        prepared = self.inputs.prepare(plain)
        for inputs in self.inputs.inputs:
            for name in inputs.columns:
                column = prepared[name]
                if not _is_alike(column, inputs, name):
                    found = f"values of type {column.type}{_examples(column)}"
                    raise DataError(f"column {name!r}", seen(inputs, name), found)
        return prepared

    def encode(self, prepared: pa.Table) -> Inputs:
        """The inputs of rows that are prepared."""
        return self.encode_with_notes(prepared)[0]

    def encode_with_notes(self, prepared: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """The same, and sentences on rows that people should know of."""
        return self.inputs.encode_prepared(prepared)

    def _with_dates(self, table: pa.Table) -> pa.Table:
        """Text as dates where training saw dates: JSON and frames that were read from CSV have no others."""
        numeric = self.inputs.numeric
        for name, saw in zip(numeric.columns, numeric.saw, strict=False):
            if saw == "dates" and is_categorical(table[name].type):
                position = table.column_names.index(name)
                table = table.set_column(position, name, _as_dates(table[name]))
        return table


def seen(inputs: AnyInputs, name: str) -> str:
    """What training saw in a column.

    >>> seen(NumericInputs(("age",), (64.5,), (21.0,), (), ((),)), "age")
    'numbers, as in training (median 64.5, quartiles 21 apart, none missing)'
    """
    at = inputs.columns.index(name)
    if isinstance(inputs, NumericInputs):
        missing = "some" if name in inputs.flagged else "none"
        centre, scale, saw = inputs.centres[at], inputs.scales[at], _saw(inputs, name)
        if saw == "numbers":
            middle = f"median {centre:.4g}, quartiles {scale:.4g} apart, "
        else:
            middle = f"median {_day(centre)}, " if saw == "dates" else ""
        return f"{saw}, as in training ({middle}{missing} missing)"
    if isinstance(inputs, SeriesInputs):
        series = inputs.series[at]
        return f"series, as in training ({series.channels} numbers a step, up to {series.length} steps)"
    if not isinstance(inputs, CategoricalInputs):
        shape = next(shape for shape in inputs.shape.others if shape.column == name)
        return f"{shape.kind}, as in training ({shape.what})"
    levels = inputs.levels[at]
    shown = ", ".join(map(repr, levels[:3])) + (f" ... {len(levels)} in all" if len(levels) > 3 else "")
    return f"text, as in training ({shown})"


def _day(microseconds: float) -> str:
    return str(np.datetime_as_string(np.datetime64(int(microseconds), "us"), unit="D"))


def _saw(inputs: NumericInputs, name: str) -> Said:
    return inputs.saw[inputs.columns.index(name)] if inputs.saw else "numbers"


def _is_alike(column: pa.ChunkedArray, inputs: AnyInputs, name: str) -> bool:
    """Whether values are of the kind that training saw, dates or numbers; where there is none, it is."""
    if not inputs.takes(column.type):
        return bool(pa.types.is_null(column.type))
    if not isinstance(inputs, NumericInputs) or said(column.type) == _saw(inputs, name):
        return True
    return bool(pc.all(pc.is_null(column, nan_is_null=True)).as_py())


def _as_dates(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The text as moments, with or without a time zone; as it is where it says something else."""
    for zone in (None, "UTC"):
        try:
            return pc.cast(pc.cast(column, pa.string()), pa.timestamp("us", zone))
        except pa.ArrowInvalid:
            continue
    return column


def _examples(column: pa.ChunkedArray) -> str:
    values = pc.drop_null(column.slice(0, 1000)).slice(0, 2).to_pylist()
    return f" ({', '.join(map(repr, values))} ...)" if values else ""
