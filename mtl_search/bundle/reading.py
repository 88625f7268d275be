"""Rows of any table as a network's inputs, by the rules that training had."""

# N rows

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.data import DataSpec, Encoding, Inputs
from mtl_search.data.inputs import AnyInputs, NumericInputs
from mtl_search.data.missing import with_missing
from mtl_search.data.plain import plain_table
from mtl_search.errors import DataError, nearest

__all__ = ["Reading"]


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """How a table is read: what counts as missing, and what each column must be."""

    rules: DataSpec
    inputs: Encoding

    def check_names(self, names: Iterable[str]) -> None:
        """DataError, with what training saw, if an input is not among the names or there twice."""
        there = list(names)
        for inputs in self.inputs.inputs:
            for name in inputs.columns:
                if there.count(name) != 1:
                    found = "no column of that name" if name not in there else "two columns of that name"
                    hint = nearest(name, there) if name not in there else None
                    raise DataError(f"column {name!r}", seen(inputs, name), found, hint)

    def prepare(self, table: pa.Table) -> pa.Table:
        """The input columns alone, missing ones null, each of the kind that training saw; else DataError."""
        self.check_names(table.column_names)
        chosen = table.select(list(self.inputs.columns))
        prepared = self.inputs.prepare(with_missing(plain_table(chosen), self.rules, {}))
        for inputs in self.inputs.inputs:
            for name in inputs.columns:
                kind = prepared[name].type
                if not (inputs.reads(kind) or pa.types.is_null(kind)):
                    found = f"values of type {kind}{_examples(prepared[name])}"
                    raise DataError(f"column {name!r}", seen(inputs, name), found)
        return prepared

    def encode(self, prepared: pa.Table) -> Inputs:
        """The inputs of rows that are prepared."""
        return {inputs.kind: inputs.encode(prepared) for inputs in self.inputs.inputs}


def seen(inputs: AnyInputs, name: str) -> str:
    """What training saw in a column.

    >>> seen(NumericInputs(("age",), (64.5,), (21.0,), ()), "age")
    'numbers, as in training (median 64.5, quartiles 21 apart, none missing)'
    """
    at = inputs.columns.index(name)
    if isinstance(inputs, NumericInputs):
        missing = "some" if name in inputs.flagged else "none"
        centre, scale = inputs.centres[at], inputs.scales[at]
        return (
            f"numbers, as in training (median {centre:.4g}, quartiles {scale:.4g} apart, {missing} missing)"
        )
    levels = inputs.levels[at]
    shown = ", ".join(map(repr, levels[:3])) + (f" ... {len(levels)} in all" if len(levels) > 3 else "")
    return f"text, as in training ({shown})"


def _examples(column: pa.ChunkedArray) -> str:
    values = pc.drop_null(column.slice(0, 1000)).slice(0, 2).to_pylist()
    return f" ({', '.join(map(repr, values))} ...)" if values else ""
