"""Text tables (CSV): their separator and decimal sign, given or found."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.fs as pa_fs

from mtl_search.data.missing import without_values

__all__ = ["Layout", "find_layout", "read_separated"]

FileSystem: TypeAlias = pa_fs.FileSystem

BLOCK = 64 * 2**20  # bytes from which the types of the columns are inferred
HEAD = 2**18  # bytes from which the separator is found
SEPARATORS = (",", ";", "\t", "|")
ALIKE = 0.95  # share of lines with as many fields as the header, from which a separator fits
WITH_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
WHOLE = r"^[+-]?\d+$"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text table is written; None: to be found."""

    separator: str | None = None
    decimal: str | None = None


def read_separated(
    filesystem: FileSystem, path: str, layout: Layout, usual: str = ","
) -> tuple[pa.Table, tuple[str, ...]]:
    """The table, and a note if it is written in another way than with ``usual`` and decimal points.

    The usual signs for missing values (NA, NaN, null ...) count as such among numbers alone: in a column of
    text they may be words, and are not the same as empty cells.
    """
    separator = layout.separator or _separator(filesystem, path, usual)
    found = Layout(separator, layout.decimal or ".")
    table = _read(filesystem, path, found)
    if layout.decimal is None and _has_decimal_commas(table):
        found = replace(found, decimal=",")
        table = _read(filesystem, path, found)
    for position, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(position, field.name, without_values(table.column(position), ()))
        if pa.types.is_binary(field.type):
            raise pa.ArrowInvalid(f"bytes that are not UTF-8 in column {field.name!r}")
    return table, _notes(layout, found, usual)


def find_layout(filesystem: FileSystem, path: str, layout: Layout, usual: str = ",") -> Layout:
    """The layout with what is not given as it is found in the beginning of the file."""
    found = Layout(layout.separator or _separator(filesystem, path, usual), layout.decimal or ".")
    if layout.decimal is not None:
        return found
    with filesystem.open_input_stream(path) as stream:
        reader = pa_csv.open_csv(
            stream,
            read_options=pa_csv.ReadOptions(block_size=HEAD),
            parse_options=pa_csv.ParseOptions(delimiter=found.separator, newlines_in_values=True),
        )
        first = next(iter(reader), None)
    commas = first is not None and _has_decimal_commas(pa.Table.from_batches([first]))
    return replace(found, decimal=",") if commas else found


def _notes(given: Layout, found: Layout, usual: str) -> tuple[str, ...]:
    notes = []
    if given.separator is None and found.separator != usual:
        notes.append(f"{found.separator!r} between fields (separator: {found.separator!r})")
    if given.decimal is None and found.decimal != ".":
        notes.append("a decimal comma (decimal: ',')")
    return (f"read with {' and '.join(notes)}, as found in the file",) if notes else ()


def _read(filesystem: FileSystem, path: str, layout: Layout) -> pa.Table:
    with filesystem.open_input_stream(path) as stream:  # unpacks by the suffix
        return pa_csv.read_csv(
            stream,
            read_options=pa_csv.ReadOptions(block_size=BLOCK),
            parse_options=pa_csv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(decimal_point=layout.decimal),
        )


def _separator(filesystem: FileSystem, path: str, usual: str) -> str:
    """The separator that gives all lines the most fields, as many as the header has; else the usual one."""
    with filesystem.open_input_stream(path) as stream:
        head = stream.read(HEAD)
    text = head.decode("utf-8-sig", errors="replace")
    lines = text.splitlines(keepends=True)
    lines = lines[:-1] if len(head) == HEAD and len(lines) > 1 else lines
    fields = {separator: _fields(lines, separator) for separator in (usual, *SEPARATORS)}
    best = max(fields, key=lambda separator: fields[separator])  # of equal ones the first
    return best if fields[best] > 1 else usual


def _fields(lines: Sequence[str], separator: str) -> int:
    """How many fields the header has, 0 if other lines have other numbers of them."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        return 0
    if not rows:
        return 0
    alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
    return len(rows[0]) if alike >= ALIKE else 0


def _has_decimal_commas(table: pa.Table) -> bool:
    """Whether text columns hold numbers with a comma, and no column has numbers with a point."""
    if any(pa.types.is_floating(field.type) for field in table.schema):
        return False
    texts = (column for column in table.columns if pa.types.is_string(column.type))
    return any(_are_with_comma(column) for column in texts)


def _are_with_comma(column: pa.ChunkedArray) -> bool:
    values = pc.unique(pc.utf8_trim_whitespace(column.drop_null()))
    values = values.filter(pc.not_equal(values, ""))
    with_comma = pc.match_substring_regex(values, WITH_COMMA)
    numbers = pc.or_(with_comma, pc.match_substring_regex(values, WHOLE))
    return bool(len(values) and pc.all(numbers).as_py() and pc.any(with_comma).as_py())
