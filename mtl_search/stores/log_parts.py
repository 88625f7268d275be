"""The log in a store, which cannot append: ``trials.log`` and, behind it, parts by their offset."""

from collections.abc import Mapping
from pathlib import Path
from typing import final

from mtl_search.leaderboard import LOG_FILE, replace_file
from mtl_search.stores.store import Entry, Store

__all__ = ["LogCopy", "PublishedLog", "is_of_log"]

PARTS = f"{LOG_FILE}.parts/"
MOST = 500  # parts, before the log is put whole again


def is_of_log(name: str) -> bool:
    """Whether an object is the log, or a part of it."""
    return name == LOG_FILE or name.startswith(PARTS)


@final
class LogCopy:
    """A copy of the log at ``path``, which is made longer whenever one looks."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store, self.path = store, path
        self._whole: Entry | None = None  # the object that the copy begins with
        self._length = 0

    def look(self, entries: Mapping[str, Entry]) -> None:
        """Take what is there by now; `FileNotFoundError` if that has changed since it was listed."""
        whole = entries.get(LOG_FILE)
        if whole != self._whole or (whole is not None and whole.put is None):
            content = self._store.read(LOG_FILE)
            replace_file(self.path, lambda file: file.write(content))
            self._whole, self._length = whole, len(content)
        parts = {_offset(name): name for name in sorted(entries) if name.startswith(PARTS)}
        new = [name for at, name in parts.items() if at + entries[name].size > self._length]
        for name, content in self._store.read_all(new):
            known = self._length - _offset(name)
            if known < 0:
                raise FileNotFoundError(f"{PARTS}{self._length}")  # it is in a whole that was put since
            with self.path.open("ab") as file:
                file.write(content[known:])
            self._length += len(content[known:])


@final
class PublishedLog:
    """The log at ``path``, put into a store as it grows."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store, self._path = store, path
        self._inode, self._length, self._parts = -1, 0, 0

    def known(self, entries: Mapping[str, Entry]) -> None:
        """Take all that is in it for published, as these objects."""
        found = self._path.stat()
        self._inode, self._length = found.st_ino, found.st_size
        self._parts = sum(name.startswith(PARTS) for name in entries)

    def publish(self) -> None:
        """Put what was added; all of it, if it is another file by now or there are many parts."""
        if not self._path.exists():
            return
        found = self._path.stat()
        if found.st_ino != self._inode or found.st_size < self._length or self._parts >= MOST:
            self.whole()
        elif found.st_size > self._length:
            with self._path.open("rb") as file:
                file.seek(self._length)
                added = file.read()
            self._store.write(f"{PARTS}{self._length:015d}", added)
            self._length, self._parts = self._length + len(added), self._parts + 1

    def whole(self) -> None:
        """Put it as one object, and delete its parts after that."""
        content, inode = self._path.read_bytes(), self._path.stat().st_ino
        self._store.write(LOG_FILE, content)
        self._inode, self._length = inode, len(content)
        self._store.delete_below(PARTS.rstrip("/"))
        self._parts = 0


def _offset(name: str) -> int:
    """How much of the log is before a part."""
    return int(name.removeprefix(PARTS))
