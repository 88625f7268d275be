"""Tables of any size as streams of batches, from wherever they are, in the order of their rows."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pa_dataset
import pyarrow.fs as pa_fs
from typing_extensions import override

from mtl_search.data.folders import folder_at, in_folder
from mtl_search.data.formats import folder_dataset, is_text, reader_of
from mtl_search.data.sources import bundled_tables, check_there, locate, unreadable
from mtl_search.uris import shown

__all__ = ["Batch", "Stream", "open_dataset"]


class Batch(NamedTuple):
    """Some rows of a table, and which share of it was read when they were."""

    table: pa.Table
    share: float


class Stream(ABC):
    """A table that is read batch by batch; the same rows each time it is read."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """All its columns."""

    @abstractmethod
    def batches(self, columns: Sequence[str], rows: int) -> Iterator[Batch]:
        """These columns, at most ``rows`` rows at a time, knowing where they lie; at least one batch, which
        may have no row.

        Raises DataError for what cannot be read.
        """


@final
@dataclass(frozen=True, slots=True)
class DatasetStream(Stream):
    """A table that knows its columns: Parquet, Feather, or a folder of Parquet parts."""

    source: str
    dataset: pa_dataset.Dataset
    folder: Path

    @property
    @override
    def names(self) -> tuple[str, ...]:
        return tuple(self.dataset.schema.names)

    @override
    def batches(self, columns: Sequence[str], rows: int) -> Iterator[Batch]:
        with unreadable(self.source):
            total, done = self.dataset.count_rows(), 0
            chosen = {name: pc.field(name) for name in columns}  # a name with a dot is no path
            for group in self._groups():
                scanner = group.scanner(
                    self.dataset.schema, columns=chosen, batch_size=rows, batch_readahead=1
                )
                for batch in scanner.to_batches():
                    for start in range(0, batch.num_rows, rows):
                        part = batch.slice(start, rows)
                        done += part.num_rows
                        yield Batch(in_folder(pa.Table.from_batches([part]), self.folder), done / total)
            if not done:
                yield Batch(self.dataset.scanner(columns=chosen).projected_schema.empty_table(), 1.0)

    def _groups(self) -> Iterator[pa_dataset.Fragment]:
        """Files, or row groups of Parquet: a scan of the whole reads up to a GiB ahead of who is slower."""
        for fragment in self.dataset.get_fragments():
            if isinstance(fragment, pa_dataset.ParquetFileFragment):
                yield from fragment.split_by_row_group()
            else:
                yield fragment


def open_dataset(source: str, base: Path) -> DatasetStream | None:
    """The table of a source that knows its columns, None if it is text; DataError if it is none."""
    if source in bundled_tables():
        table = bundled_tables()[source]
        return DatasetStream(source, pa_dataset.dataset(str(table), format="parquet"), table.parent)
    filesystem, path = locate(source, base)
    with unreadable(source):
        info = check_there(filesystem, path, source)
        if info.type == pa_fs.FileType.Directory:
            return DatasetStream(source, folder_dataset(filesystem, path), folder_at(filesystem, path))
        reader_of(path, shown(source))  # which says what is wrong with the name
        if is_text(path):
            return None
        kind = "parquet" if path.lower().endswith((".parquet", ".pq")) else "feather"
        dataset = pa_dataset.dataset(path, filesystem=filesystem, format=kind)
        return DatasetStream(source, dataset, folder_at(filesystem, path))
