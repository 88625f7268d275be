"""The encoding of a table's inputs: which column is of which type, fitted on the train rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.data.inputs.categorical import CategoricalInputs, is_categorical
from mtl_search.data.inputs.numeric import NumericInputs, is_numeric, read_numbers
from mtl_search.data.rows import Inputs, InputShape
from mtl_search.errors import DataError, nearest

__all__ = ["Encoding", "choose_inputs"]

ID_ROWS = 20  # fewer rows say nothing about whether a column is an identifier
ID_DISTINCT = 0.95  # share of distinct strings from which a column is an identifier or free text
ID_NAME = re.compile(r"(^|_)(?i:id|uid|uuid|guid|key|index)$|[a-z](Id|ID|Key|Index)$|^__index_level_")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the inputs of a table become tensors; travels with a trained model."""

    numeric: NumericInputs
    categorical: CategoricalInputs

    @classmethod
    def fit(cls, train: pa.Table, columns: Iterable[str]) -> "Encoding":
        """The encoding of these columns by the train rows, which must not be constant."""
        names = tuple(columns)
        numeric = tuple(name for name in names if is_numeric(train[name].type))
        categorical = tuple(name for name in names if is_categorical(train[name].type))
        return cls(NumericInputs.fit(train, numeric), CategoricalInputs.fit(train, categorical))

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns."""
        return self.numeric.columns + self.categorical.columns

    @property
    def shape(self) -> InputShape:
        """What a network must know."""
        return InputShape(len(self.numeric.features), self.categorical.cardinalities)

    def encode(self, table: pa.Table) -> Inputs:
        """The inputs of any rows of a table with these columns; others are not looked at."""
        for name in self.columns:
            if name not in table.column_names:
                hint = nearest(name, table.column_names)
                raise DataError("inputs", f"a column {name!r}, as in training", "none of that name", hint)
        return {"numeric": self.numeric.encode(table), "categorical": self.categorical.encode(table)}


def choose_inputs(
    table: pa.Table, train: pa.Table, left_out: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(columns, warnings)``: the inputs among the columns of ``table``, and why others were left out.

    ``train`` are its train rows. DataError for a type that has no encoding, or where no input is left.
    """
    columns, warnings = [], []
    for name in table.column_names:
        if name in left_out:
            continue
        kind = table[name].type
        if not (is_numeric(kind) or is_categorical(kind) or pa.types.is_null(kind)):
            expected = "numbers, booleans, times or strings as an input"
            raise DataError(f"column {name!r}", expected, f"values of type {kind}", "list it under drop")
        if is_identifier(table[name], name):
            warnings.append(f"column {name!r} looks like an identifier and is not used as an input")
        elif _is_constant(train[name], name):
            warnings.append(f"column {name!r} has one value in the train rows and is not used as an input")
        else:
            columns.append(name)
    if not columns:
        raise DataError("inputs", "at least one column that is an input", f"none among {table.num_columns}")
    return tuple(columns), tuple(warnings)


def is_identifier(column: pa.ChunkedArray, name: str) -> bool:
    """Whether the values tell rows apart and nothing else.

    That is so of strings that nearly all differ, and of whole numbers that all differ and either count up
    without a gap or are named like an identifier.
    """
    if is_categorical(column.type):
        known = len(column) - column.null_count
        return bool(known >= ID_ROWS and len(pc.unique(column.drop_null())) > ID_DISTINCT * known)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return False
    values = np.sort(pc.cast(column, pa.float64(), safe=False).drop_null().to_numpy())
    values = values[np.isfinite(values)]
    if len(values) < ID_ROWS or (values != np.floor(values)).any() or (np.diff(values) == 0).any():
        return False
    return bool(values[-1] - values[0] + 1 == len(values)) or bool(ID_NAME.search(name))


def _is_constant(column: pa.ChunkedArray, name: str) -> bool:
    """Whether there is one value, or none; a value and missing ones are two."""
    if is_numeric(column.type):
        return len(np.unique(read_numbers(column, name))) < 2
    return len(pc.unique(column)) < 2
