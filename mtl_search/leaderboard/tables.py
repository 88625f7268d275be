"""TableFile: the Parquet file of a table, which grows without a byte of it ever moving."""

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard.column import VERSION, of_other_version, table_name, table_version
from mtl_search.leaderboard.files import clear_partial, here_alone, replace_file
from mtl_search.leaderboard.schema import SCHEMAS

__all__ = ["FAN_IN", "TableFile", "UnusableTable"]

FAN_IN = 16  # appended row groups that are merged into one: 5,000 appends leave at most 46
MAGIC = b"PAR1"  # what a Parquet file begins and ends with


class UnusableTable(LeaderboardError):
    """A file that is no Parquet file (any more)."""


@final
class TableFile:
    """The file of ``table`` in the folder of a sweep; one process writes, any number read.

    It is replaced by rename, so that it is there whole or not at all. That is not enough: pandas and DuckDB
    open a path more than once for one read, and if the file is another one by then they look for the
    parts that the old footer names in the new file. So a new file begins with all that the old one had, at
    the same place, as the other row groups, and ends with a footer of its own: whichever of the two a reader
    took its footer from, it finds what that footer says.

    Many small row groups are slow to read. Of those that were appended, ``FAN_IN`` at a time are written
    again as one, level by level (a log-structured merge tree); what they were written as before stays in the
    file, and no footer names it any more. `replace` makes a file without such remains.

    A number that is not known is NaN here, and null in the file: to SQL and Polars, NaN is larger than all
    numbers, and makes a mean NaN.
    """

    def __init__(self, folder: Path, table: str, publish: Callable[[], object] = here_alone) -> None:
        self.path, self.table, self.schema = folder / f"{table}.parquet", table, SCHEMAS[table]
        self._publish = publish
        self._groups: list[pq.FileMetaData] = []  # of the file as it was written here, oldest first
        self._appended = 0  # how many appends are in them
        self._stamp: tuple[int, int, int] | None = None  # of that file

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.path.is_file()

    def read(self, columns: list[str] | None = None) -> pa.Table | None:
        """The rows in the columns of the schema (those of ``columns`` alone).

        None if there is no file, `UnusableTable` if it cannot be read, `LeaderboardError` if it is another
        table or of another version.
        """
        schema = self.schema if columns is None else pa.schema([self.schema.field(name) for name in columns])
        try:
            with self._open() as file:
                parquet = pq.ParquetFile(file)
                self._check(parquet.schema_arrow)
                rows = parquet.read(columns=schema.names)
        except FileNotFoundError:
            return None
        except (pa.ArrowException, OSError) as error:
            raise UnusableTable(str(self.path), "a Parquet file", f"a damaged one ({error})") from error
        if not rows.schema.equals(schema):
            hint = "an unfinished version of mtl_search wrote it"
            raise LeaderboardError(str(self.path), f"the columns of schema version {VERSION}", "others", hint)
        return _each_number(rows, lambda values: pc.fill_null(values, math.nan))

    def replace(self, rows: pa.Table) -> None:
        """Make ``rows`` the whole table in a new file; who reads the old one at this moment may fail to."""
        clear_partial(self.path)
        self._groups, self._appended = [], 0
        self._put(lambda file: self._write(file, rows))

    def append(self, rows: pa.Table) -> None:
        """Add ``rows``, in one step."""
        self._appended += 1
        merged, appended = 0, self._appended
        while appended % FAN_IN == 0:
            merged, appended = merged + FAN_IN - 1, appended // FAN_IN
        self._grow(rows, merged)

    def supersede(self, rows: pa.Table) -> None:
        """Make ``rows`` the whole table, in one step."""
        self._appended = 0
        self._grow(rows, None)

    def _grow(self, rows: pa.Table, merged: int | None) -> None:
        """Write ``rows`` behind what there is, in place of the ``merged`` last groups (None: of all)."""
        with self._open() as old:
            if _stamp(self.path) != self._stamp:
                self._groups, self._appended = [pq.read_metadata(old)], 0 if merged is None else 1
                merged = merged and 0
            kept = [] if merged is None else self._groups[: len(self._groups) - merged]
            if merged:
                again = range(
                    sum(group.num_row_groups for group in kept), _joined(self._groups).num_row_groups
                )
                rows = pa.concat_tables([pq.ParquetFile(old).read_row_groups(list(again)), rows])
            end = old.seek(-4 - len(MAGIC), io.SEEK_END) - int.from_bytes(old.read(4), "little")
            old.seek(0)
            before = old.read(end)
            self._groups = kept
        self._put(lambda file: self._write(file, rows, before))

    def _open(self) -> pa.OSFile:
        """The file, opened once, by Arrow.

        Its threads may let go of a file after the read has returned. Of Python's files that needs the
        interpreter, and if it is just ending, the process aborts ("terminate called without an active
        exception": one in ten short commands).
        """
        return pa.OSFile(str(self.path))

    def _put(self, write: Callable[[IO[bytes]], None]) -> None:
        self._stamp = None  # until it is done
        replace_file(self.path, write)
        self._stamp = _stamp(self.path)
        self._publish()

    def _write(self, file: IO[bytes], rows: pa.Table, before: bytes = b"") -> None:
        """Write the bytes ``before``, ``rows`` as a row group, and a footer of all groups behind it."""
        sink = pa.PythonFile(file, mode="w")
        rows = _each_number(rows, lambda values: pc.if_else(pc.is_nan(values), None, values))
        rows = rows.replace_schema_metadata(self.schema.metadata).combine_chunks()
        written: list[pq.FileMetaData] = []
        options = _encoding(rows.schema)
        writer = pq.ParquetWriter(sink, rows.schema, metadata_collector=written, **options)
        try:
            sink.write(before[len(MAGIC) :])  # through it, since it counts the bytes that offsets are made of
            writer.write_table(rows, row_group_size=max(1, len(rows)))
            end = sink.tell()
            writer.close()
        finally:
            writer.is_open = False  # else it closes after an error, too, which is another one in its place
        self._groups = [*self._groups, *written]
        if len(self._groups) > 1:
            file.seek(end)
            file.truncate()
            footer = io.BytesIO()
            _joined(self._groups).write_metadata_file(footer)
            file.write(footer.getvalue()[len(MAGIC) :])

    def _check(self, schema: pa.Schema) -> None:
        """LeaderboardError if ``schema`` is not that of the table in this version."""
        if table_name(schema) != self.table:
            found = repr(table_name(schema) or "another file")
            raise LeaderboardError(str(self.path), f"table {self.table!r}", found)
        if (version := table_version(schema)) != VERSION:
            hint = of_other_version(version, VERSION)
            raise LeaderboardError(str(self.path), f"schema version {VERSION}", str(version), hint)


def _encoding(schema: pa.Schema) -> dict[str, Any]:
    """How columns are packed: numbers, which hardly repeat, byte by byte, a third smaller than whole."""
    numbers = [field.name for field in schema if pa.types.is_floating(field.type)]
    others = [field.name for field in schema if field.name not in numbers]
    return {"compression": "zstd", "use_byte_stream_split": numbers or False, "use_dictionary": others}


def _each_number(rows: pa.Table, change: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    """``rows`` with the values of each column of numbers changed."""
    for at, field in enumerate(rows.schema):
        if pa.types.is_floating(field.type):
            rows = rows.set_column(at, field, change(rows.column(at)))
    return rows


def _stamp(path: Path) -> tuple[int, int, int]:
    """What tells the file at ``path`` from others that were there."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _joined(groups: list[pq.FileMetaData]) -> pq.FileMetaData:
    """The metadata of a file that has all ``groups``."""
    if len(groups) == 1:
        return groups[0]
    first = io.BytesIO()
    groups[0].write_metadata_file(first)
    joined = pq.read_metadata(io.BytesIO(first.getvalue()))
    for group in groups[1:]:
        joined.append_row_groups(group)
    return joined
