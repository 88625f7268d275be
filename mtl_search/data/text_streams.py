"""Text tables (CSV) of any size as streams, each column of the kind that it had in training."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Self, final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.fs as pa_fs
from typing_extensions import override

from mtl_search.data.folders import folder_at, in_folder
from mtl_search.data.missing import without_values
from mtl_search.data.separated import Layout, find_layout
from mtl_search.data.sources import check_there, locate, unreadable
from mtl_search.data.streams import Batch, Stream
from mtl_search.errors import DataError
from mtl_search.uris import shown

__all__ = ["Retyped", "TextStream", "open_text"]

BLOCK = 8 * 2**20  # bytes of a batch, and those from which the types of columns are inferred
PACKED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
CONVERSION = re.compile(
    r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to ([^:]+): (.*)", re.DOTALL
)


class Retyped(Exception):
    """A value far down is not of the type that its column began with: read ``stream`` from its beginning."""

    def __init__(self, stream: "TextStream") -> None:
        super().__init__(stream)
        self.stream = stream


@final
@dataclass(frozen=True, slots=True)
class TextStream(Stream):
    """A CSV file, whose types are those of ``types`` and otherwise inferred from its first block.

    Reading it raises `Retyped` if a later block needs another type, or DataError where ``types`` says no
    other.
    """

    source: str
    filesystem: pa_fs.FileSystem
    path: str
    layout: Layout
    header: tuple[str, ...]
    inferred: pa.Schema
    types: Mapping[str, pa.DataType]
    fixed: frozenset[str]
    """The columns that may be read as text if nothing else is possible are all but these."""

    @property
    @override
    def names(self) -> tuple[str, ...]:
        return self.header

    @override
    def batches(self, columns: Sequence[str], rows: int) -> Iterator[Batch]:
        known = {name: kind for name, kind in self.types.items() if name in columns}
        folder = folder_at(self.filesystem, self.path)
        converting = {"column_types": known, "include_columns": list(columns)}
        with unreadable(self.source):
            size = self.filesystem.get_file_info(self.path).size or 1
            with self.filesystem.open_input_file(self.path) as raw:
                with self._converting():
                    reader = _open(_unpacked(raw, self.path), self.layout, converting)
                nothing = True
                while (batch := self._next(reader)) is not None:
                    share = min(1.0, raw.tell() / size)
                    for start in range(0, batch.num_rows, rows):
                        nothing = False
                        part = pa.Table.from_batches([batch.slice(start, rows)])
                        yield Batch(in_folder(_without_empty(part), folder), share)
                if nothing:
                    yield Batch(reader.schema.empty_table(), 1.0)

    def _next(self, reader: pa_csv.CSVStreamingReader) -> pa.RecordBatch | None:
        with self._converting():
            return next(iter(reader), None)

    @contextmanager
    def _converting(self) -> Iterator[None]:
        """Names the column of a value that is not of its type."""
        try:
            yield
        except pa.ArrowInvalid as error:
            found = CONVERSION.match(str(error))
            if found is None:
                raise
            row = f"{found[4].strip()} in row {found[2]}" if found[2] else found[4].strip()
            raise self._wrong(self.header[int(found[1])], found[3], row) from error

    def _wrong(self, name: str, kind: str, why: str) -> Exception:
        if kind in ("null", "int64") and not self._is(name, pa.float64()):
            return Retyped(self.typed({**self.types, name: pa.float64()}, self.fixed))
        if name not in self.fixed and not self._is(name, pa.string()):
            return Retyped(self.typed({**self.types, name: pa.string()}, self.fixed))
        said = {"double": "numbers", "int64": "numbers", "string": "text in UTF-8"}
        what = said.get(kind, f"{kind}, as in the rows before")
        return DataError(f"{shown(self.source)}: column {name!r}", what, why)

    def _is(self, name: str, kind: pa.DataType) -> bool:
        return bool(self.types.get(name) == kind)

    def typed(self, types: Mapping[str, pa.DataType], fixed: frozenset[str]) -> Self:
        """The same with other types, of which the ``fixed`` ones must not be read as text."""
        return replace(self, types=types, fixed=fixed)


def open_text(source: str, base: Path, layout: Layout) -> TextStream:
    """The CSV file of a source; DataError if it is none."""
    filesystem, path = locate(source, base)
    usual = "\t" if ".tsv" in PurePosixPath(path.lower()).suffixes[-2:] else ","
    with unreadable(source):
        check_there(filesystem, path, source)
        found = find_layout(filesystem, path, layout, usual)
        with filesystem.open_input_stream(path) as stream:
            schema = _open(stream, found, {}).schema
    return TextStream(source, filesystem, path, found, tuple(schema.names), schema, {}, frozenset())


def _open(stream: Any, layout: Layout, converting: Mapping[str, Any]) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        stream,
        read_options=pa_csv.ReadOptions(block_size=BLOCK),
        parse_options=pa_csv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(decimal_point=layout.decimal, **converting),
    )


def _unpacked(raw: pa.NativeFile, path: str) -> pa.NativeFile:
    packed = PACKED.get(PurePosixPath(path.lower()).suffix)
    return raw if packed is None else pa.CompressedInputStream(raw, packed)


def _without_empty(table: pa.Table) -> pa.Table:
    """With null for empty text, as when a whole file is read."""
    for position, of in enumerate(table.schema):
        if pa.types.is_string(of.type):
            table = table.set_column(position, of.name, without_values(table.column(position), ()))
    return table
