"""Columns of every Arrow type as columns of few: what the rest of the package need not know of storage."""

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["plain_column", "plain_table"]


def plain_table(table: pa.Table) -> pa.Table:
    """The table with every column plain, see ``plain_column``; metadata stays."""
    columns = [plain_column(column) for column in table.columns]
    fields = [pa.field(name, column.type) for name, column in zip(table.column_names, columns, strict=True)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=table.schema.metadata))


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values without views, runs, extensions, half floats, or dictionaries that hold nulls.

    Decimals that are all whole are integers: warehouses export every number as a decimal, flags and ids too.
    A dictionary of plain values stays one, with one dictionary for all chunks; one of nothing but nulls
    becomes a column of nulls.

    >>> stored = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["x", None]))
    >>> plain_column(pa.chunked_array([stored])).to_pylist()
    ['x', None, None]
    """
    kind, types = column.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        chunks = [chunk.storage for chunk in column.chunks]
        return plain_column(pa.chunked_array(chunks, kind.storage_type))
    if types.is_run_end_encoded(kind):
        chunks = [pc.run_end_decode(chunk) for chunk in column.chunks]
        return plain_column(pa.chunked_array(chunks, kind.value_type))
    if types.is_dictionary(kind):
        return _dictionary(column)
    if types.is_string_view(kind):
        return pc.cast(column, pa.string())
    if types.is_binary_view(kind):
        return pc.cast(column, pa.binary())
    if types.is_float16(kind):
        return pc.cast(column, pa.float32())
    if types.is_list_view(kind) or types.is_large_list_view(kind):
        return pa.chunked_array([pa.array(column.to_pylist(), pa.large_list(kind.value_type))])
    if types.is_decimal(kind):
        return _decimal(column)
    return column


def _decimal(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Integers if all values are whole and fit."""
    kind = column.type
    if not pa.types.is_decimal256(kind):
        column = pc.cast(column, pa.decimal128(kind.precision, kind.scale))
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:  # a fraction, or too large
        return column


def _dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not column.num_chunks:
        return pa.chunked_array([], pa.dictionary(pa.int32(), column.type.value_type))
    clean = not any(chunk.dictionary.null_count for chunk in column.chunks)
    value = column.type.value_type
    if clean and (pa.types.is_string(value) or pa.types.is_large_string(value)):
        return column.unify_dictionaries()
    chunks = [chunk.dictionary.take(chunk.indices) for chunk in column.chunks]
    values = plain_column(pa.chunked_array(chunks, value))
    kind = values.type
    return values if pa.types.is_null(kind) or pa.types.is_nested(kind) else pc.dictionary_encode(values)
