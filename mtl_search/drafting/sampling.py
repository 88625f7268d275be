"""A sample of a table: enough rows to see what its columns are, and never all of a large one in memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as pa_dataset
from numpy.typing import NDArray

from mtl_search.data.separated import Layout
from mtl_search.data.sources import check_table, locate, located, read_source
from mtl_search.data.streams import DatasetStream, Stream, open_dataset
from mtl_search.data.text_streams import Retyped, open_text
from mtl_search.errors import DataError, Mismatch
from mtl_search.uris import check_no_secret, is_uri, shown

__all__ = ["Sample", "read_sample", "sample_of"]

MOST_ROWS = 50_000
FEWEST_ROWS = 2_000
CELLS = 20_000_000  # of a sample: wide tables are looked at in fewer rows
RUN = 64  # rows that are kept side by side: those of one patient or machine often stand together
STREAMED_CELLS = 10_000_000  # from which a table is streamed
STREAMED_BYTES = 64 * 2**20  # the same of text, which knows neither its rows nor its columns
READ_CELLS = 400_000_000  # of which at most so many are read; row groups are left out evenly
BATCH = 65_536  # rows


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows of a table in their order, from all over it; ``n_rows`` of them are in the whole of it.

    ``notes`` say how it was read.
    """

    table: pa.Table
    n_rows: int
    notes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether no row is left out."""
        return len(self.table) == self.n_rows


def sample_of(table: pa.Table, notes: tuple[str, ...] = ()) -> Sample:
    """A sample of a table in memory; DataError if there is no row, or two columns of one name."""
    check_table(table)
    return Sample(*_thinned([table], _wanted(table.num_columns)), notes)


def read_sample(source: str, base: Path) -> Sample:
    """A sample of what a source holds; a relative path starts at ``base``. DataError if it cannot be read."""
    if is_uri(source):
        try:
            check_no_secret(source)  # it is written into the sweep file
        except Mismatch as wrong:
            raise DataError(shown(source), wrong.expected, wrong.found, wrong.hint) from None
    stream = _stream_of_large(source, base)
    if stream is None:
        table, notes = read_source(source, base)
        with located(source):
            return sample_of(table, notes)
    n_rows = None
    metadata = None
    if isinstance(stream, DatasetStream):
        n_rows, metadata = stream.dataset.count_rows(), stream.dataset.schema.metadata
        stream = _fewer_row_groups(stream, n_rows)
    for _ in range(len(stream.names) + 1):
        try:
            sample = _streamed(stream)
            break
        except Retyped as other:
            stream = other.stream
    else:
        raise DataError(shown(source), "a table that can be read", "columns of no type")
    with located(source):
        check_table(sample.table)
    table = sample.table.replace_schema_metadata(metadata)
    return Sample(table, sample.n_rows if n_rows is None else n_rows)


def _stream_of_large(source: str, base: Path) -> Stream | None:
    """The stream of a table that is too large to be read whole."""
    known = open_dataset(source, base)
    if known is not None:
        return known if known.dataset.count_rows() * len(known.names) > STREAMED_CELLS else None
    filesystem, path = locate(source, base)
    size = filesystem.get_file_info(path).size or 0
    return open_text(source, base, Layout()) if size > STREAMED_BYTES else None


def _fewer_row_groups(stream: DatasetStream, n_rows: int) -> DatasetStream:
    """The same with some of its row groups, evenly over the table, if it has too many cells to read."""
    every = n_rows * len(stream.names) // READ_CELLS + 1
    if every == 1 or not isinstance(stream.dataset.format, pa_dataset.ParquetFileFormat):
        return stream
    parts = [part for whole in stream.dataset.get_fragments() for part in whole.split_by_row_group()]
    chosen = pa_dataset.FileSystemDataset(
        parts[::every], stream.dataset.schema, stream.dataset.format, stream.dataset.filesystem
    )
    return DatasetStream(stream.source, chosen, stream.folder)


def _streamed(stream: Stream) -> Sample:
    tables = (batch.table for batch in stream.batches(stream.names, BATCH))
    return Sample(*_thinned(tables, _wanted(len(stream.names))))


def _wanted(columns: int) -> int:
    return min(MOST_ROWS, max(FEWEST_ROWS, CELLS // max(columns, 1)))


def _thinned(tables: Iterable[pa.Table], rows: int) -> tuple[pa.Table, int]:
    """At most ``rows`` rows, in runs that are evenly apart, and how many went by.

    How many there will be is not known before: whenever there are too many, every other run is forgotten,
    and fewer are taken from then on.
    """
    kept: list[tuple[pa.Table, NDArray[np.int64]]] = []
    every, seen = 1, 0
    for table in tables:
        runs_N = (seen + np.arange(len(table))) // RUN
        seen += len(table)
        kept.append(_every(table, runs_N, every))
        while sum(len(part) for part, _ in kept) > max(rows, RUN):
            every *= 2
            kept = [_every(part, runs, every) for part, runs in kept]
    return pa.concat_tables(part for part, _ in kept).combine_chunks(), seen


def _every(table: pa.Table, runs_N: NDArray[np.int64], every: int) -> tuple[pa.Table, NDArray[np.int64]]:
    """The rows of every so many runs; taken, since a slice would hold on to the whole table."""
    index = np.flatnonzero(runs_N % every == 0)
    return (table, runs_N) if len(index) == len(table) else (table.take(pa.array(index)), runs_N[index])
