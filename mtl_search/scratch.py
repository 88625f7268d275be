"""Scratch folders of a run, which are deleted even if the run was killed: by the next one."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["scratch_folder"]

PREFIX = "mtl_search-"  # which an unpacked copy of this project has too: the mark tells ours
MARK = ".scratch_of_mtl_search"
YOUNG = 60.0  # seconds within which its maker may not have locked a folder yet


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for as long as the block lasts, locked by this process; what killed ones have left is deleted.

    The lock goes with the process that holds it, however that ends, and says more than a process's number,
    which another one may have by now, or which is of another container.
    """
    delete_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / MARK).touch()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def delete_abandoned(parent: Path) -> None:
    """Delete the scratch folders in ``parent`` whose process is gone."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, or deleted meanwhile
            if folder.is_symlink() or not (folder / MARK).is_file():
                continue
            if time.time() - folder.stat().st_mtime < YOUNG:
                continue
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: it is at work
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
