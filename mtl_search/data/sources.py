"""Tables from wherever they are: a bundled name, a path, a folder of Parquet parts, or a URI."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as pa_dataset
import pyarrow.feather as pa_feather
import pyarrow.fs as pa_fs
import pyarrow.parquet as pa_parquet

from mtl_search.errors import DataError, nearest

__all__ = ["bundled_tables", "check_table", "is_local_file", "read_table"]

FileSystem: TypeAlias = pa_fs.FileSystem

CSV_BLOCK = 64 * 2**20  # bytes from which the column types of a CSV file are inferred


def bundled_tables() -> dict[str, Path]:
    """The tables that come with the package, by name."""
    folder = Path(str(files("mtl_search.data") / "bundled"))
    return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def is_local_file(source: str) -> bool:
    """Whether the source is a path, which may be relative, and neither a bundled name nor a URI."""
    return "://" not in source and source not in bundled_tables()


def read_table(source: str, base: Path) -> pa.Table:
    """The whole table; a relative path starts at ``base``. DataError where it cannot be read."""
    bundled = bundled_tables()
    if source in bundled:
        return pa_parquet.read_table(bundled[source])
    filesystem, path = _locate(source, base)
    try:
        info = filesystem.get_file_info(path)
    except OSError as error:
        raise DataError(source, "a place that can be opened", _first_line(error)) from error
    if info.type == pa_fs.FileType.NotFound:
        raise _not_found(source, path, bundled)
    read = _read_folder if info.type == pa_fs.FileType.Directory else _reader(source, path)
    if info.is_file and info.size == 0:
        raise DataError(source, "a table", "an empty file")
    try:
        return read(filesystem, path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(source, "a table that can be read", _first_line(error)) from error


def _locate(source: str, base: Path) -> tuple[FileSystem, str]:
    if "://" not in source:
        return pa_fs.LocalFileSystem(), str((base / Path(source).expanduser()).absolute())
    try:
        filesystem, path = pa_fs.FileSystem.from_uri(source)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _locate_by_fsspec(source)
    return filesystem, path


def _locate_by_fsspec(source: str) -> tuple[FileSystem, str]:
    import fsspec  # most sources never need it

    try:
        filesystem, path = fsspec.core.url_to_fs(source)
    except (ValueError, ImportError) as error:
        raise DataError(source, "a URI that pyarrow.fs or fsspec opens", _first_line(error)) from error
    return pa_fs.PyFileSystem(pa_fs.FSSpecHandler(filesystem)), path


def _not_found(source: str, path: str, bundled: dict[str, Path]) -> DataError:
    parent = Path(path).parent
    known = [*bundled, *(entry.name for entry in parent.iterdir())] if parent.is_dir() else list(bundled)
    hint = nearest(Path(source).name, known)
    hint = hint if hint.startswith("did you mean") else f"bundled: {', '.join(bundled)}"
    return DataError(source, "a bundled table, a file, a folder or a URI", f"nothing at {path}", hint)


def _reader(source: str, path: str) -> Callable[[FileSystem, str], pa.Table]:
    suffixes = PurePosixPath(path.lower()).suffixes
    packed = suffixes[-1:] in ([".gz"], [".bz2"], [".zst"])
    suffix = "".join(suffixes[-2:-1] if packed else suffixes[-1:])
    if packed and suffix not in (".csv", ".tsv"):
        suffix = ""
    readers = {
        ".parquet": _read_parquet,
        ".pq": _read_parquet,
        ".csv": _read_csv,
        ".tsv": _read_tsv,
        ".feather": _read_feather,
        ".arrow": _read_feather,
    }
    if suffix not in readers:
        found = f"a file named {PurePosixPath(path).name!r}"
        expected = f"a file ending in one of {', '.join(readers)} (CSV may be packed: .csv.gz)"
        raise DataError(source, expected, found)
    return readers[suffix]


def _read_parquet(filesystem: FileSystem, path: str) -> pa.Table:
    with filesystem.open_input_file(path) as file:
        return pa_parquet.ParquetFile(file).read()


def _read_feather(filesystem: FileSystem, path: str) -> pa.Table:
    with filesystem.open_input_file(path) as file:
        return pa_feather.read_table(file)


def _read_tsv(filesystem: FileSystem, path: str) -> pa.Table:
    return _read_csv(filesystem, path, delimiter="\t")


def _read_csv(filesystem: FileSystem, path: str, delimiter: str = ",") -> pa.Table:
    with filesystem.open_input_stream(path) as stream:  # unpacks by the suffix
        return pa_csv.read_csv(
            stream,
            read_options=pa_csv.ReadOptions(block_size=CSV_BLOCK),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(strings_can_be_null=True),
        )


def _read_folder(filesystem: FileSystem, path: str) -> pa.Table:
    """Every Parquet file below the folder in the order of their names; folders ``key=value`` are columns."""
    entries = filesystem.get_file_info(pa_fs.FileSelector(path, recursive=True))
    parts = sorted(entry.path for entry in entries if entry.is_file and entry.extension in ("parquet", "pq"))
    if not parts:
        raise pa.ArrowInvalid(f"no Parquet file in the folder {path}")
    dataset = pa_dataset.dataset(
        parts, filesystem=filesystem, format="parquet", partitioning="hive", partition_base_dir=path
    )
    names = set(dataset.schema.names)
    for part in dataset.get_fragments():
        missing = names.symmetric_difference(part.physical_schema.names) - _partition_keys(part)
        if missing:
            what = ", ".join(sorted(missing))
            raise pa.ArrowInvalid(f"other columns in {part.path} than in the first part: {what}")
    return dataset.to_table()


def _partition_keys(part: pa_dataset.Fragment) -> set[str]:
    return set(pa_dataset.get_partition_keys(part.partition_expression))


def check_table(table: pa.Table) -> None:
    """DataError where there is no row, or two columns of one name."""
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError("columns", "names that differ", f"{twice[0]!r} twice")
    if table.num_rows == 0:
        raise DataError("rows", "at least one row", f"none in {len(names)} columns")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
