"""Where a table lies: paths that stand in it start there."""

from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pa_fs

__all__ = ["folder_at", "folder_of", "in_folder"]

FOLDER = b"mtl_search.folder"


def in_folder(table: pa.Table, folder: Path) -> pa.Table:
    """The same table, knowing where it lies.

    >>> folder_of(in_folder(pa.table({"photo": ["cat.png"]}), Path("pets"))).name
    'pets'
    """
    return table.replace_schema_metadata({**(table.schema.metadata or {}), FOLDER: str(folder).encode()})


def folder_at(filesystem: pa_fs.FileSystem, path: str) -> Path:
    """Where a table at this path lies; one that is a folder lies in itself. Elsewhere than here, nowhere."""
    if not isinstance(filesystem, pa_fs.LocalFileSystem):
        return Path()
    return Path(path) if Path(path).is_dir() else Path(path).parent


def folder_of(table: pa.Table) -> Path:
    """Where the table lies; one that was never in a file lies where the process runs."""
    return Path((table.schema.metadata or {}).get(FOLDER, b".").decode())
