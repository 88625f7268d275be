"""Tables from wherever they are: a bundled name, a path, a folder of Parquet parts, or a URI."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pa_fs
import pyarrow.parquet as pa_parquet

from mtl_search.data.folders import folder_at, in_folder
from mtl_search.data.formats import FileSystem, is_text, read_folder, reader_of
from mtl_search.data.large import stream_if_large
from mtl_search.data.room import Room
from mtl_search.data.separated import Layout
from mtl_search.data.streamed import AnyTable, changed
from mtl_search.errors import DataError, Mismatch, did_you_mean
from mtl_search.uris import filled, is_uri, open_uri, shown, without_secrets

__all__ = [
    "bundled_tables",
    "check_table",
    "check_there",
    "is_local_file",
    "locate",
    "located",
    "read_source",
    "read_table",
    "unreadable",
]


def bundled_tables() -> dict[str, Path]:
    """The tables that come with the package, by name."""
    folder = Path(str(files("mtl_search.data") / "bundled"))
    return {path.stem: path for path in sorted(folder.glob("*.parquet"))}


def is_local_file(source: str) -> bool:
    """Whether the source is a path, which may be relative, and neither a bundled name nor a URI."""
    return not is_uri(source) and source not in bundled_tables()


def read_table(source: str, base: Path) -> pa.Table:
    """The whole table; a relative path starts at ``base``. DataError if it cannot be read."""
    return read_source(source, base)[0]


def read_source(
    source: str, base: Path, room: Room | None = None, layout: Layout | None = None
) -> tuple[AnyTable, tuple[str, ...]]:
    """The table of a source, and notes on how it was read; ``layout`` is of a CSV file.

    The whole table, unless it is in a file that knows its columns and takes more than there is ``room`` for.
    """
    bundled, named, layout = bundled_tables(), shown(source), layout or Layout()
    if source in bundled:
        _check_layout(named, layout, "a bundled table")
        return in_folder(pa_parquet.read_table(bundled[source]), bundled[source].parent), ()
    filesystem, path = locate(source, base)
    with unreadable(source):
        info = check_there(filesystem, path, source)
        read = read_folder if info.type == pa_fs.FileType.Directory else reader_of(path, named)
        if not is_text(path):
            _check_layout(named, layout, "a table that knows its columns")
        large = None if room is None else stream_if_large(filesystem, info, room)
        table, notes = read(filesystem, path, layout) if large is None else (large, ())
    return changed(table, partial(in_folder, folder=folder_at(filesystem, path))), notes


def check_there(filesystem: FileSystem, path: str, source: str) -> pa_fs.FileInfo:
    """What is at a path; DataError if nothing is, or an empty file."""
    info = filesystem.get_file_info(path)
    if info.type == pa_fs.FileType.NotFound:
        raise _not_found(source, path)
    if info.is_file and info.size == 0:
        raise DataError(shown(source), "a table", "an empty file")
    return info


@contextmanager
def unreadable(source: str) -> Iterator[None]:
    """DataError for what Arrow and the system say of a source that they cannot read."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        found = _without_secrets(_first_line(error), source)
        raise DataError(shown(source), "a table that can be read", found) from error


def _check_layout(named: str, layout: Layout, found: str) -> None:
    if layout.separator is not None or layout.decimal is not None:
        raise DataError(f"{named}: separator and decimal", "a CSV file", found)


@contextmanager
def located(source: str) -> Iterator[None]:
    """Puts the table's name before the place of an error."""
    named = shown(source)
    try:
        yield
    except DataError as error:
        if error.place.startswith(named):
            raise
        raise DataError(f"{named}: {error.place}", error.expected, error.found, error.hint) from error


def check_table(table: AnyTable) -> None:
    """DataError if there is no row, or two columns of one name."""
    names = table.column_names
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise DataError("columns", "names that differ", f"{twice[0]!r} twice")
    if table.num_rows == 0:
        raise DataError("rows", "at least one row", f"none in {len(names)} columns")


def locate(source: str, base: Path) -> tuple[FileSystem, str]:
    """The file system of a path or a URI, and the path there; a relative one starts at ``base``."""
    if not is_uri(source):
        return pa_fs.LocalFileSystem(), str((base / Path(source).expanduser()).absolute())
    try:
        return open_uri(filled(source))
    except Mismatch as wrong:
        raise DataError(shown(source), wrong.expected, wrong.found, wrong.hint) from None


def _not_found(source: str, path: str) -> DataError:
    bundled, parent = list(bundled_tables()), Path(path).parent
    siblings = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    near = did_you_mean(Path(source).name, [*bundled, *siblings])
    hint = near or f"bundled: {', '.join(bundled)}"
    found = f"nothing at {_without_secrets(path, source)}"
    return DataError(shown(source), "a bundled table, a file, a folder or a URI", found, hint)


def _without_secrets(text: str, source: str) -> str:
    return without_secrets(text, filled(source)) if is_uri(source) else text


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
