"""Tables from files of each format, known by their suffix, and from folders of Parquet parts."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TypeAlias

import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pyarrow.feather as pa_feather
import pyarrow.fs as pa_fs
import pyarrow.parquet as pa_parquet

from mtl_search.data.separated import Layout, read_separated
from mtl_search.errors import DataError

__all__ = ["FileSystem", "Reader", "folder_dataset", "is_text", "read_folder", "reader_of"]

FileSystem: TypeAlias = pa_fs.FileSystem
Read: TypeAlias = tuple[pa.Table, tuple[str, ...]]
"""A table, and notes on how it was read."""
Reader: TypeAlias = Callable[[FileSystem, str, Layout], Read]

PACKED = frozenset({".gz", ".bz2", ".zst"})


def reader_of(path: str, source: str) -> Reader:
    """What reads a file of this name; DataError, which names the ``source``, if nothing does."""
    suffixes = PurePosixPath(path.lower()).suffixes
    packed = bool(PACKED & set(suffixes[-1:]))
    suffix = "".join(suffixes[-2:-1] if packed else suffixes[-1:])
    if suffix not in READERS or (packed and suffix not in (".csv", ".tsv")):
        expected = f"a file ending in one of {', '.join(READERS)} (CSV may be packed: .csv.gz)"
        raise DataError(source, expected, f"a file named {PurePosixPath(path).name!r}")
    return READERS[suffix]


def is_text(path: str) -> bool:
    """Whether a file of this name has a separator and a decimal sign."""
    return any(suffix in (".csv", ".tsv") for suffix in PurePosixPath(path.lower()).suffixes[-2:])


def read_folder(filesystem: FileSystem, path: str, layout: Layout) -> Read:
    """Every Parquet file below the folder in the order of their names; folders ``key=value`` are columns."""
    return folder_dataset(filesystem, path).to_table(), ()


def folder_dataset(filesystem: FileSystem, path: str) -> pa_dataset.Dataset:
    """The Parquet files below a folder, each with the same columns, as one table that is not read yet."""
    entries = filesystem.get_file_info(pa_fs.FileSelector(path, recursive=True))
    parts = sorted(entry.path for entry in entries if entry.is_file and entry.extension in ("parquet", "pq"))
    if not parts:
        raise pa.ArrowInvalid(f"no Parquet file in the folder {path}")
    dataset = pa_dataset.dataset(
        parts, filesystem=filesystem, format="parquet", partitioning="hive", partition_base_dir=path
    )
    names = set(dataset.schema.names)
    for part in dataset.get_fragments():
        in_path = set(pa_dataset.get_partition_keys(part.partition_expression))
        different = names.symmetric_difference(part.physical_schema.names) - in_path
        if different:
            what = ", ".join(sorted(different))
            raise pa.ArrowInvalid(f"other columns in {part.path} than in the first part: {what}")
    return dataset


def _read_parquet(filesystem: FileSystem, path: str, layout: Layout) -> Read:
    with filesystem.open_input_file(path) as file:
        return pa_parquet.ParquetFile(file).read(), ()


def _read_feather(filesystem: FileSystem, path: str, layout: Layout) -> Read:
    with filesystem.open_input_file(path) as file:
        return pa_feather.read_table(file), ()


def _read_csv(filesystem: FileSystem, path: str, layout: Layout) -> Read:
    return read_separated(filesystem, path, layout)


def _read_tsv(filesystem: FileSystem, path: str, layout: Layout) -> Read:
    return read_separated(filesystem, path, layout, usual="\t")


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        ".parquet": _read_parquet,
        ".pq": _read_parquet,
        ".csv": _read_csv,
        ".tsv": _read_tsv,
        ".feather": _read_feather,
        ".arrow": _read_feather,
    }
)
