"""Files that are larger than memory, as tables that are read as they are asked for."""

from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pa_dataset
import pyarrow.fs as pa_fs
import pyarrow.parquet as pa_parquet

from mtl_search.data.formats import FileSystem, folder_dataset
from mtl_search.data.room import Room
from mtl_search.data.streamed import StreamedTable

__all__ = ["stream_if_large"]

BUFFER = 2**20  # bytes of each column that are read at once


def stream_if_large(filesystem: FileSystem, info: pa_fs.FileInfo, room: Room) -> StreamedTable | None:
    """The table of a file or a folder that knows its columns, if there is no room for it in memory.

    None if there is, or if it is text: whoever reads such a table has it in memory.
    """
    path = info.path.lower()
    if info.type == pa_fs.FileType.Directory:
        dataset = folder_dataset(filesystem, info.path)
    elif path.endswith((".parquet", ".pq")):
        dataset = pa_dataset.dataset(info.path, filesystem=filesystem, format="parquet")
    elif path.endswith((".feather", ".arrow")) and info.size > room.memory:
        dataset = pa_dataset.dataset(info.path, filesystem=filesystem, format="feather")
    else:
        return None
    nbytes = sum(_size(fragment, info) for fragment in dataset.get_fragments())
    if nbytes <= room.memory:
        return None
    return StreamedTable.of(partial(_read, dataset), dataset.schema, dataset.count_rows(), nbytes, room)


def _size(fragment: pa_dataset.Fragment, info: pa_fs.FileInfo) -> int:
    """Of a file in memory: of Parquet as it is without compression."""
    if not isinstance(fragment, pa_dataset.ParquetFileFragment):
        return int(info.size)
    return sum(group.total_byte_size for group in fragment.row_groups)


def _read(dataset: pa_dataset.Dataset, names: Sequence[str], rows: int) -> Iterator[pa.Table]:
    """The columns in batches: a scan of the dataset would read whole row groups, ahead of who is slower."""
    schema = pa.schema([dataset.schema.field(name) for name in names], dataset.schema.metadata)
    for fragment in dataset.get_fragments():
        of_path = pa_dataset.get_partition_keys(fragment.partition_expression)
        if isinstance(fragment, pa_dataset.ParquetFileFragment) and of_path.keys().isdisjoint(names):
            with fragment.filesystem.open_input_file(fragment.path) as opened:
                file = pa_parquet.ParquetFile(opened, pre_buffer=False, buffer_size=BUFFER)
                for batch in file.iter_batches(rows, columns=list(names)):
                    yield pa.Table.from_batches([batch]).select(list(names)).cast(schema)
        else:
            chosen = {name: pc.field(name) for name in names}  # a name with a dot is no path
            scanner = fragment.scanner(dataset.schema, columns=chosen, batch_size=rows, batch_readahead=1)
            for batch in scanner.to_batches():
                yield pa.Table.from_batches([batch]).cast(schema)
