"""What counts as missing: nulls, NaN, empty text, and the values that a sweep file names."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.data.distinct import distinct_values
from mtl_search.data.spec import DataSpec, MissingValue

__all__ = ["with_missing", "without_values"]


def with_missing(
    table: pa.Table, spec: DataSpec, of_tasks: Mapping[str, tuple[MissingValue, ...]]
) -> pa.Table:
    """The table with null for all that counts as missing; ``of_tasks``: values of a task by its column."""
    columns = [
        without_values(column, (*spec.missing_in(name), *of_tasks.get(name, ())))
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=_schema(table, columns))


def without_values(column: pa.ChunkedArray, missing: Sequence[MissingValue]) -> pa.ChunkedArray:
    """The column with null for empty text and for the values named.

    A number stands for itself in columns of numbers and for its text in columns of text; text stands for the
    number it says in columns of numbers. Text counts as empty without a visible character.

    >>> without_values(pa.chunked_array([["a", " ", "-1"]]), [-1]).to_pylist()
    ['a', None, None]
    >>> without_values(pa.chunked_array([[0.5, -999.0]]), ["-999"]).to_pylist()
    [0.5, None]
    """
    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return _in_dictionary(column, missing)
    if types.is_string(kind) or types.is_large_string(kind):
        trimmed = pc.utf8_trim_whitespace(column)
        named = pa.array(["", *(str(value) for value in missing)], kind)
        return _where(pc.is_in(trimmed, value_set=named), column)
    if not missing or not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
        return column
    for number in filter(None, map(_number, missing)):
        column = _where(_equal(column, number), column)
    return column


def _in_dictionary(column: pa.ChunkedArray, missing: Sequence[MissingValue]) -> pa.ChunkedArray:
    values_V, codes_N = distinct_values(column)
    kept = without_values(pa.chunked_array([values_V]), missing)
    if not kept.null_count:
        return column
    kept_V = np.append(np.asarray(kept.is_valid()), False)
    codes = pa.array(codes_N, mask=~kept_V[codes_N])
    whole = values_V.take(codes)
    return pa.chunked_array([pc.dictionary_encode(whole)])


def _where(missing: pa.ChunkedArray, column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.fill_null(missing, False), pa.scalar(None, column.type), column)


def _equal(column: pa.ChunkedArray, number: pa.Scalar) -> pa.ChunkedArray:
    if pa.types.is_integer(column.type):
        if pa.types.is_floating(number.type):
            return pc.equal(pc.cast(column, pa.float64(), safe=False), number)
        return pc.is_in(column, value_set=_of_kind(number, column.type))
    return pc.equal(pc.cast(column, pa.float64(), safe=False), pc.cast(number, pa.float64()))


def _of_kind(number: pa.Scalar, kind: pa.DataType) -> pa.Array:
    """The number as an array of this kind, empty if the kind has no such number."""
    try:
        return pa.array([number.as_py()], kind)
    except (pa.ArrowInvalid, OverflowError):
        return pa.array([], kind)


def _number(value: MissingValue) -> pa.Scalar | None:
    """The number that a value is or says; None for other text."""
    for read in (int, float):
        try:
            number = read(value)
            if number == float(value) and abs(number) < 2**63:
                return pa.scalar(number)
        except (ValueError, OverflowError):
            continue
    return None


def _schema(table: pa.Table, columns: Sequence[pa.ChunkedArray]) -> pa.Schema:
    fields = [pa.field(name, column.type) for name, column in zip(table.column_names, columns, strict=True)]
    return pa.schema(fields, metadata=table.schema.metadata)
