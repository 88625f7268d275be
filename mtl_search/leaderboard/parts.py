"""One table as a folder of Parquet parts that only ever appear and disappear whole."""

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard.schema import SCHEMAS, VERSION, table_name, table_version

__all__ = ["FAN_IN", "PartFolder"]

FAN_IN = 32  # parts of one level that are merged into one of the next: 5,000 appends leave at most 40 files

_PART = re.compile(r"part-(\d{8})-(\d)-[0-9a-f]{8}\.parquet")  # sequence number, level, token
_WHOLE = 9  # level of a part that was written as the whole table: never merged again
_TEMPORARY = ".tmp-"
_REPLACES = b"mtl_search.replaces"
_READ_ATTEMPTS = 10  # a reader that loses a file to a compaction lists the folder anew


class PartFolder:
    """The parts of one table in one folder; one process writes, any number read.

    A part is written under a temporary name, flushed to disk and renamed. A merged part names the parts it
    replaces in its metadata: from its rename on, readers skip those, whether or not they are deleted yet. So
    every row is seen exactly once wherever the writer is stopped. Parts are merged ``FAN_IN`` at a time,
    level by level (a log-structured merge tree): each row is rewritten a few times at most.
    """

    def __init__(self, folder: Path, table: str) -> None:
        self.folder, self.table, self.schema = folder, table, SCHEMAS[table]

    def exists(self) -> bool:
        """Whether the folder is there with at least one part."""
        return self.folder.is_dir() and bool(self._listed())

    def create(self, rows: pa.Table) -> None:
        """Make the folder with one part of ``rows``; written even if empty, so that the table can be read."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.replace(rows)

    def append(self, rows: pa.Table) -> Path:
        """Add ``rows`` as a new part, visible to readers when this returns."""
        return self._write(rows, level=0, replaces=())

    def replace(self, rows: pa.Table) -> None:
        """Make ``rows`` the whole table, in one step."""
        old = self._listed()
        self._write(rows, level=_WHOLE, replaces=tuple(path.name for path in old))
        _delete(old)

    def merge(self) -> None:
        """Merge where a level has ``FAN_IN`` parts."""
        for level in range(_WHOLE):
            if sum(_level(name) == level for name in self._names()) < FAN_IN:
                return
            live = self.recover()  # a replaced part must be gone before its replacement is merged away
            due = {path: part for path, part in live.items() if _level(path.name) == level}
            rows = pa.concat_tables([_rows(path, part, self.schema) for path, part in due.items()])
            names = tuple(path.name for path in due)
            self._write(rows, level=level + 1, replaces=names, sequence=_sequence(next(iter(due)).name))
            _delete(due)

    def recover(self) -> dict[Path, pq.ParquetFile]:
        """Delete what a writer that was stopped left behind: temporary files and replaced parts.

        Only the one process that writes may call this. Returns the parts that count.
        """
        for path in self.folder.glob(f"{_TEMPORARY}*"):
            path.unlink()
        listed = self._listed()
        live = self._live(listed)
        _delete(path for path in listed if path not in live)
        return live

    def drop_parts_without(self, trial_ids: pa.Array) -> None:
        """Delete single appends whose trial is not in ``trial_ids``: their record was never completed."""
        for path in self._listed():
            if _level(path.name) == 0:
                ids = self._open(path).read(columns=["trial_id"])["trial_id"]
                if len(ids) and not pc.any(pc.is_in(ids, value_set=trial_ids)).as_py():
                    path.unlink()

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows in the order they were written."""
        wanted = self.schema if columns is None else pa.schema([self.schema.field(name) for name in columns])
        for _ in range(_READ_ATTEMPTS):
            listed = self._listed()
            try:
                tables = [_rows(path, part, wanted) for path, part in self._live(listed).items()]
            except FileNotFoundError:
                continue  # merged away since the folder was listed
            if _same_but_for_appends(listed, self._listed()):
                return pa.concat_tables(tables)
        raise LeaderboardError(str(self.folder), "a table at rest", "parts that keep disappearing")

    def _listed(self) -> list[Path]:
        """The parts that are there, oldest rows first, replaced ones included."""
        if not self.folder.is_dir():
            raise LeaderboardError(str(self.folder), f"the folder of table {self.table!r}", "no such folder")
        return [self.folder / name for name in self._names()]

    def _names(self) -> list[str]:
        """The names of `_listed`; paths are slow to make, and this runs for every record."""
        with os.scandir(self.folder) as entries:
            return sorted(entry.name for entry in entries if _PART.fullmatch(entry.name))

    def _live(self, listed: list[Path]) -> dict[Path, pq.ParquetFile]:
        """The parts that count, opened, oldest rows first."""
        if not listed:
            raise LeaderboardError(str(self.folder), f"parts of table {self.table!r}", "no Parquet file")
        parts = {path: self._open(path) for path in listed}
        replaced = {
            name for part in parts.values() for name in part.schema_arrow.metadata.get(_REPLACES, b"").split()
        }
        return {path: part for path, part in parts.items() if path.name.encode() not in replaced}

    def _open(self, path: Path) -> pq.ParquetFile:
        """The part at ``path``, checked to be one of this table that this version can read."""
        with _damage_named(path):
            part = pq.ParquetFile(path)
            schema = part.schema_arrow
        if table_name(schema) != self.table:
            raise LeaderboardError(
                str(path), f"a part of table {self.table!r}", repr(table_name(schema) or "another file")
            )
        if table_version(schema) > VERSION:
            raise LeaderboardError(
                str(path),
                f"schema version {VERSION} or older",
                str(table_version(schema)),
                "a newer mtl_search wrote it: update this one",
            )
        return part

    def _write(
        self, rows: pa.Table, *, level: int, replaces: tuple[str, ...], sequence: int | None = None
    ) -> Path:
        """Write a part under a temporary name, flush it to disk, and rename it."""
        if sequence is None:
            names = self._names()
            sequence = _sequence(names[-1]) + 1 if names else 0
        token = secrets.token_hex(4)
        path = self.folder / f"part-{sequence:08d}-{level}-{token}.parquet"
        temporary = self.folder / f"{_TEMPORARY}{token}"
        single = level == 0  # a few rows: not worth compressing
        with temporary.open("wb") as file:
            pq.write_table(
                rows.replace_schema_metadata({**self.schema.metadata, _REPLACES: " ".join(replaces)}),
                file,
                compression="none" if single else "zstd",
                use_dictionary=not single,
                write_statistics=not single,
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        return path


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Turn what pyarrow says of a file it cannot read into an error that names the file."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise LeaderboardError(str(path), "a Parquet file", f"a damaged one ({error})") from error


def _rows(path: Path, part: pq.ParquetFile, schema: pa.Schema) -> pa.Table:
    """The rows of ``part`` in the columns of ``schema``."""
    with _damage_named(path):
        table = part.read(columns=schema.names)
    return table if table.schema.equals(schema) else _conform(path, table, schema)


def _conform(path: Path, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """``table`` with exactly the columns of ``schema``: those added since it was written are null."""
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
        elif (found := table.schema.field(field.name).type) == field.type:
            columns.append(table[field.name])
        else:
            raise LeaderboardError(f"{path}: {field.name}", f"type {field.type}", str(found))
    return pa.Table.from_arrays(columns, schema=schema)


def _same_but_for_appends(before: list[Path], after: list[Path]) -> bool:
    """Whether nothing was merged or replaced between two listings of a folder."""
    return set(before) <= set(after) and all(_level(path.name) == 0 for path in set(after) - set(before))


def _sequence(name: str) -> int:
    """The place of a part's first row in the order of writing."""
    return int(name.split("-")[1])


def _level(name: str) -> int:
    """How many merges a part's rows have been through."""
    return int(name.split("-")[2])


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
