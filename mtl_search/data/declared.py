"""Inputs whose type is declared, by the sweep file or by the table's own metadata."""

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeGuard, get_args

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.errors import DataError

__all__ = ["InputKind", "as_declared", "categories_of_pandas", "declare", "is_cast"]

InputKind: TypeAlias = Literal["numeric", "categorical"]
"""The kinds that a column of another type can be cast to."""

WHOLE = 2.0**53  # up to which a float is every whole number


def categories_of_pandas(schema: pa.Schema) -> frozenset[str]:
    """The columns that pandas says are categorical.

    Feather keeps such columns as dictionaries; Parquet stores their values and leaves it to pandas' metadata
    that whole numbers are codes. What a column is should not depend on the format.
    """
    try:
        columns = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("columns", [])
        return frozenset(
            column["field_name"] for column in columns if column.get("pandas_type") == "categorical"
        )
    except (ValueError, TypeError, KeyError, AttributeError):  # another writer's
        return frozenset()


def is_cast(kind: str | None) -> TypeGuard[InputKind]:
    """Whether columns that are declared to be of this kind are cast."""
    return kind in get_args(InputKind)


def as_declared(table: pa.Table, declared: Mapping[str, str]) -> pa.Table:
    """The table with the columns cast that are declared to be of one of these kinds.

    Columns of other kinds are read as they are; those that are not there are left to others to miss.
    """
    for position, name in enumerate(table.column_names):
        if is_cast(kind := declared.get(name)):
            column = declare(table[name], kind, name)
            table = table.set_column(position, name, column)
    return table


def declare(column: pa.ChunkedArray, kind: InputKind, name: str) -> pa.ChunkedArray:
    """The column as numbers or as levels; DataError if it cannot be.

    >>> declare(pa.chunked_array([[101.0, None, 102.0]]), "categorical", "store").to_pylist()
    ['101', None, '102']
    >>> declare(pa.chunked_array([["1.5", None]]), "numeric", "dose").to_pylist()
    [1.5, None]
    """
    return _levels(column, name) if kind == "categorical" else _numbers(column, name)


def _levels(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
        if types.is_string(kind) or types.is_large_string(kind):
            return column
        column = pc.cast(column, kind)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind):
        return column
    if types.is_nested(kind) or types.is_interval(kind):
        raise _wrong(name, "categorical", f"values of type {kind}")
    if types.is_floating(kind) or types.is_decimal(kind):
        return _number_levels(pc.cast(column, pa.float64(), safe=False))
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # bytes that are no text
        raise _wrong(name, "categorical", f"values of type {kind}") from None


def _number_levels(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Each number as its text, whole ones without a point: a row's level depends on no other row."""
    known = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    whole = pc.and_(pc.less(pc.abs(known), WHOLE), pc.equal(pc.floor(known), known))
    whole = pc.fill_null(whole, False)
    integers = pc.cast(pc.if_else(whole, known, pa.scalar(0.0)), pa.int64())
    return pc.if_else(whole, pc.cast(integers, pa.string()), pc.cast(known, pa.string()))


def _numbers(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            return pc.cast(pc.utf8_trim_whitespace(column), pa.float64())
        except pa.ArrowInvalid as error:
            raise _wrong(name, "numeric", str(error), "name what counts as missing under missing") from None
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_interval(kind):
        raise _wrong(name, "numeric", f"values of type {kind}")
    return column


def _wrong(name: str, kind: InputKind, found: str, hint: str | None = None) -> DataError:
    return DataError(f"inputs.{name}", f"values that can be {kind}", found, hint)
