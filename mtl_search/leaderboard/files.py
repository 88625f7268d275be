"""Files that are replaced whole: a reader sees the old one or the new one, wherever the writer is stopped."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = [
    "clear_partial",
    "errors_of",
    "here_alone",
    "is_partial",
    "replace_file",
    "replace_folder",
    "sync_folder",
]

_PARTIAL = ".partial"


def here_alone() -> None:
    """Publish nothing: what is written lies where it is to be."""


@contextmanager
def errors_of(path: Path) -> Iterator[None]:
    """Within it errors of the system say that they are of ``path``: those of writing name no file, those of
    opening one that nobody knows of."""
    try:
        yield
    except OSError as error:
        named = error.filename is not None and not any(map(is_partial, Path(error.filename).parts))
        if error.errno is not None and not named:
            error.filename = str(path)
        raise


def replace_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Make what ``write`` writes the file at ``path``, on the disk when this returns.

    It is written next to it under a name that begins with a dot, which no glob for tables finds, flushed to
    the disk and renamed; then the folder is flushed as well, without which a power cut may undo the rename.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        with errors_of(path):
            with partial.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
    except (Exception, KeyboardInterrupt):  # who is killed cannot clear up
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_folder(path: Path, write: Callable[[Path], object]) -> None:
    """Make what ``write`` writes into an empty folder the folder at ``path``, its files on the disk.

    The same as `replace_file`, except that no folder can be renamed onto a full one: between the renaming of
    the old one and that of the new one there is none. What stopped processes left of it is deleted; nobody
    else may be writing it.
    """
    for left in path.parent.glob(f".{path.name}.*{_PARTIAL}"):
        shutil.rmtree(left, ignore_errors=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
    old = path.with_name(f".{path.name}.{os.getpid()}.old{_PARTIAL}")
    with errors_of(path):
        partial.mkdir(parents=True)
    try:
        with errors_of(path):
            write(partial)
        for made in (*partial.rglob("*"), partial):
            if made.is_dir():
                sync_folder(made)
                continue
            with made.open("rb") as opened:
                os.fsync(opened.fileno())
        if path.is_dir():
            path.replace(old)
        partial.replace(path)
    except (Exception, KeyboardInterrupt):  # who is killed cannot clear up
        shutil.rmtree(partial, ignore_errors=True)
        if old.is_dir() and not path.exists():
            old.replace(path)
        raise
    if old.is_dir():
        shutil.rmtree(old, ignore_errors=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names of the files in ``folder`` are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_partial(name: str) -> bool:
    """Whether a file of that name is what a stopped `replace_file` leaves."""
    return name.startswith(".") and name.endswith(_PARTIAL)


def clear_partial(path: Path) -> None:
    """Delete what stopped processes left of a `replace_file` of ``path``; nobody may be at it."""
    for left in path.parent.glob(f".{path.name}.*{_PARTIAL}"):
        left.unlink(missing_ok=True)
