"""The cache: encoded rows that are larger than memory, in files beside the results until they are cleaned."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, final

from filelock import FileLock, Timeout

from mtl_search.data.mapped import Extent, FileWriter, read_about
from mtl_search.data.notes import Note, told
from mtl_search.data.room import UNFINISHED
from mtl_search.data.rows import Rows
from mtl_search.errors import DataError
from mtl_search.records import Split

__all__ = ["Cache", "Cached", "Part", "as_size"]

LOCK = ".lock"


class Part(NamedTuple):
    """Some rows of a split, and sentences on them that people should know of."""

    which: Split
    rows: Rows
    notes: tuple[Note, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Cached:
    """What lies in the cache: the ``source`` of its rows, None if they were never all written; its size."""

    path: Path
    source: str | None
    nbytes: int

    def remove(self) -> None:
        """Delete it. Who has opened its rows goes on reading them, who opens them later finds none.

        First it is no entry any more: whoever is stopped here leaves none that lacks files.
        """
        gone = self.path.with_suffix(UNFINISHED)
        if gone != self.path:
            shutil.rmtree(gone, ignore_errors=True)
            self.path.rename(gone)
        shutil.rmtree(gone)


@final
@dataclass(frozen=True, slots=True)
class Cache:
    """Rows of all splits by a key that says all they depend on."""

    folder: Path

    def read(self, key: str) -> tuple[dict[Split, Rows], tuple[str, ...]] | None:
        """The rows and what was noted of them when they were written; None if they are not there."""
        about = read_about(self.folder / key)
        if about is None:
            return None
        places = _places({Split(which): count for which, count in about["rows"].items()})
        path = (self.folder / key).absolute()  # workers start elsewhere
        rows = {which: Rows.of_files(Extent(path, *place)) for which, place in places.items()}
        return rows, tuple(about["notes"])

    @contextmanager
    def alone(self, *, wait: bool = True) -> Iterator[None]:
        """While no other process writes here, or removes what is here.

        Where one does, it waits for it, or raises DataError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            raise DataError(str(self.folder), "nobody who writes rows there", "another process") from None
        try:
            yield
        finally:
            lock.release()

    def write(self, key: str, source: str, counts: Mapping[Split, int], parts: Iterable[Part]) -> None:
        """Write the rows, which come with notes, part by part in the order of those of each split.

        Whoever calls it is ``alone``, and nothing is there by this key. What processes left that were stopped
        while they wrote is removed.
        """
        for left in self.folder.glob(f"*{UNFINISHED}"):
            shutil.rmtree(left)
        unfinished = self.folder / f"{key}{UNFINISHED}"
        unfinished.mkdir(parents=True)
        try:
            at = {which: start for which, (start, _) in _places(counts).items()}
            notes: list[Note] = []
            with FileWriter(unfinished) as writer:
                for which, rows, of_part in parts:
                    writer.write(at[which], rows.arrays)
                    at[which] += len(rows)
                    notes += of_part
                writer.finish({"source": source, "rows": dict(counts), "notes": told(notes)})
            unfinished.rename(self.folder / key)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def check_room(self, nbytes: int) -> None:
        """DataError if the disk has no room for so many bytes."""
        there = next(path for path in (self.folder, *self.folder.absolute().parents) if path.exists())
        free = shutil.disk_usage(there).free
        if free < nbytes:
            hint = "set data.memory higher if they fit, or data.rows lower"
            raise DataError(
                str(self.folder), f"room for {as_size(nbytes)} of encoded rows", as_size(free), hint
            )

    def entries(self) -> list[Cached]:
        """All that is there, by name."""
        return [_entry(path) for path in sorted(self.folder.glob("[!.]*"))]


def as_size(nbytes: int) -> str:
    """A number of bytes for people.

    >>> as_size(3 * 2**30), as_size(999), as_size(1536)
    ('3.0 GiB', '999 bytes', '1.5 KiB')
    """
    for unit, power in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if nbytes >= 2**power:
            return f"{nbytes / 2**power:.1f} {unit}"
    return f"{nbytes} bytes"


def _entry(path: Path) -> Cached:
    about = None if path.suffix == UNFINISHED else read_about(path)
    nbytes = sum(file.stat().st_size for file in path.iterdir())
    return Cached(path, None if about is None else str(about["source"]), nbytes)


def _places(counts: Mapping[Split, int]) -> dict[Split, tuple[int, int]]:
    """Where the rows of each split begin and end: train first, as in all rows of a Dataset."""
    ordered = {which: counts[which] for which in Split}
    ends = list(accumulate(ordered.values()))
    return {which: (end - count, end) for (which, count), end in zip(ordered.items(), ends, strict=True)}
