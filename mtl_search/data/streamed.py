"""Tables that are read as they are asked for: columns one at a time, rows in batches.

Whoever loads data works on a whole `pyarrow.Table` and on a `StreamedTable` alike. What says something of
rows one by one goes through ``batches_of`` or ``parts_of``, which give a whole table in one piece; what needs
all values of a column at once (quantiles, levels) asks for the column.
"""

# N rows

import mmap
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mtl_search.data.room import Room

__all__ = [
    "AnyTable",
    "Read",
    "StreamedTable",
    "batches_of",
    "changed",
    "columns_of",
    "parts_of",
    "select",
    "type_of",
]

AT_ONCE = 8 * 2**20  # bytes of a batch, as they are stored: in float64 eight times as many
LIGHT = 2**17  # rows of a batch of one column of numbers

Read: TypeAlias = Callable[[Sequence[str], int], Iterator[pa.Table]]
"""These columns of all rows, at most so many rows at a time, in their order."""
Change: TypeAlias = Callable[[pa.Table], pa.Table]


@final
@dataclass(frozen=True, slots=True, eq=False)
class StreamedTable:
    """Some rows of a table in files, with so much of a `pyarrow.Table` as loading data needs.

    ``changes``: what each column goes through, by itself, when it is read. Each change must make of a batch
    what it makes of the same rows of the whole.
    """

    read: Read
    stored: pa.Schema
    positions_N: NDArray[np.intp]
    """Of the rows, rising."""
    row_bytes: int
    """As they are stored, on average."""
    room: Room
    schema: pa.Schema
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, read: Read, stored: pa.Schema, n_rows: int, nbytes: int, room: Room) -> "StreamedTable":
        """All rows of a table of ``nbytes``."""
        return cls(read, stored, np.arange(n_rows), max(1, nbytes // max(1, n_rows)), room, stored)

    @property
    def column_names(self) -> list[str]:
        """All its columns."""
        return list(self.stored.names)

    @property
    def num_rows(self) -> int:
        """How many rows."""
        return len(self.positions_N)

    @property
    def num_columns(self) -> int:
        """How many columns."""
        return len(self.stored)

    def __len__(self) -> int:
        return len(self.positions_N)

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """A whole column: mapped from a file, which has no name, if it takes much of the room."""
        kind = self.stored.field(name).type
        rows, nbytes = self.at_once if _is_heavy(kind) else LIGHT, 0
        chunks: list[pa.Array] = []
        for raw in self._raw([name], rows):
            chunks += raw[name].chunks
            nbytes += raw.nbytes
            if _is_heavy(kind) and nbytes > self.room.memory // 4:
                return self._spooled(name)
        whole = pa.Table.from_arrays([pa.chunked_array(chunks, kind)], schema=self._schema_of([name]))
        return self._changed(whole)[name]

    def take(self, rows: pa.Array) -> "StreamedTable":
        """The rows at these rising positions."""
        return replace(self, positions_N=self.positions_N[np.asarray(rows)])

    def filter(self, mask: pa.Array) -> "StreamedTable":
        """The rows that are marked."""
        return replace(self, positions_N=self.positions_N[np.asarray(mask)])

    def select(self, names: Sequence[str]) -> "StreamedTable":
        """These columns alone."""
        kept = pa.schema([self.schema.field(name) for name in names], self.schema.metadata)
        return replace(self, stored=self._schema_of(names), schema=kept)

    def changed(self, change: Change) -> "StreamedTable":
        """The table with each column changed when it is read."""
        schema = change(self.schema.empty_table()).schema
        return replace(self, schema=schema, changes=(*self.changes, change))

    def batches(self, names: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """These columns of at most so many rows at a time."""
        for raw in self._raw(names, rows):
            yield self._changed(raw)

    def parts(self, name: str) -> Iterator[pa.ChunkedArray]:
        """A column in parts, if its values may be of any size, else at once."""
        if _is_heavy(self.schema.field(name).type):
            yield from (batch[name] for batch in self.batches([name], self.at_once))
        else:
            yield self[name]

    @property
    def at_once(self) -> int:
        """So many rows fit well into memory."""
        return max(1, AT_ONCE // self.row_bytes)

    def _raw(self, names: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """As they are stored, without batches that have none of the rows."""
        first = 0
        for batch in self.read(names, rows):
            start, stop = np.searchsorted(self.positions_N, [first, first + len(batch)])
            mine = self.positions_N[start:stop] - first
            first += len(batch)
            if len(mine):
                yield batch if len(mine) == len(batch) else batch.take(pa.array(mine))

    def _spooled(self, name: str) -> pa.ChunkedArray:
        self.room.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.room.folder) as file:
            schema = self.select([name]).schema
            with pa.ipc.new_file(file, schema) as writer:
                for batch in self.batches([name], self.at_once):
                    writer.write_table(batch.cast(schema))
            file.flush()
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return pa.ipc.open_file(pa.py_buffer(mapped)).read_all()[name]

    def _changed(self, table: pa.Table) -> pa.Table:
        for change in self.changes:
            table = change(table)
        return table

    def _schema_of(self, names: Sequence[str]) -> pa.Schema:
        return pa.schema([self.stored.field(name) for name in names], self.stored.metadata)


AnyTable: TypeAlias = pa.Table | StreamedTable


def batches_of(table: AnyTable, names: Sequence[str], rows: int | None = None) -> Iterator[pa.Table]:
    """These columns, at most so many rows at a time, which are those of a whole table if it is not said."""
    if isinstance(table, StreamedTable):
        yield from table.batches(names, min(rows or table.at_once, table.at_once))
        return
    chosen = _whole(table, names)
    for start in range(0, len(table), rows or len(table)):
        yield chosen.slice(start, rows)


def parts_of(table: AnyTable, names: Sequence[str]) -> Iterator[Iterator[pa.ChunkedArray]]:
    """Columns one at a time, each in parts, of which there may be none: one part of a whole table, or where
    values are small enough to be read at once."""
    if isinstance(table, StreamedTable):
        yield from (table.parts(name) for name in names)
    else:
        yield from (iter([column]) for column in columns_of(table, names))


def columns_of(table: AnyTable, names: Sequence[str]) -> Iterator[pa.ChunkedArray]:
    """The columns of these names, which must be there, one at a time.

    Asked for a name, a table looks through all of them.
    """
    if isinstance(table, StreamedTable):
        yield from (table[name] for name in names)
        return
    positions = {name: position for position, name in enumerate(table.column_names)}
    yield from (table.column(positions[name]) for name in names)


def changed(table: AnyTable, change: Change) -> AnyTable:
    """The table with each column changed, by itself."""
    return table.changed(change) if isinstance(table, StreamedTable) else change(table)


def select(table: AnyTable, names: Sequence[str]) -> AnyTable:
    """These columns alone."""
    if isinstance(table, StreamedTable):
        return table.select(names)
    return _whole(table, names)


def _whole(table: pa.Table, names: Sequence[str]) -> pa.Table:
    columns = list(columns_of(table, names))
    return pa.Table.from_arrays(columns, names=list(names), metadata=table.schema.metadata)


def type_of(table: AnyTable, name: str) -> pa.DataType:
    """The type of a column, for which it is not read."""
    return table.schema.field(name).type


def _is_heavy(kind: pa.DataType) -> bool:
    """Whether values may be of any size."""
    types = pa.types
    if types.is_dictionary(kind):
        return False
    return not (types.is_primitive(kind) or types.is_decimal(kind) or types.is_null(kind))
