"""The encoded rows of every split: in memory if they fit, else in files that are written once."""

# N rows

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TypeAlias

from mtl_search.data.cache import Cache, Part, as_size
from mtl_search.data.notes import Note, told
from mtl_search.data.room import Room
from mtl_search.data.rows import Rows
from mtl_search.records import Split

__all__ = ["Parts", "keep_rows"]

AT_ONCE = 32 * 2**20  # bytes of encoded rows that are written at once
PROBED = 16  # rows that show how many bytes a row is


Parts: TypeAlias = Callable[[int | None], Iterable[Part]]
"""The rows of all splits in parts of at most so many rows (None: as it suits), those of a split in order."""


def keep_rows(
    parts: Parts, counts: Mapping[Split, int], *, room: Room, key: str, source: str
) -> tuple[dict[Split, Rows], tuple[str, ...]]:
    """``(rows, notes)``: the rows of each split, in memory if there is room.

    Else they are in the files that the cache has by this key, and are written if it has none.
    """
    total, cache = _bytes_of_a_row(parts) * sum(counts.values()), Cache(room.folder)
    if total <= room.memory:
        return _in_memory(parts(None))
    if (found := cache.read(key)) is None:
        cache.check_room(total)
        at_once = max(1, AT_ONCE * sum(counts.values()) // total)
        with cache.alone():
            if cache.read(key) is None:  # still: who was waited for may have written them
                cache.write(key, source, counts, parts(at_once))
            found = cache.read(key)
        assert found is not None
    rows, notes = found
    much = f"encoded rows take {as_size(total)}, more than data.memory ({as_size(room.memory)})"
    return rows, (*notes, f"{much}: read from {cache.folder / key}")


def _bytes_of_a_row(parts: Parts) -> int:
    (part,) = islice(parts(PROBED), 1)
    return -(-part.rows.nbytes // len(part.rows))


def _in_memory(parts: Iterable[Part]) -> tuple[dict[Split, Rows], tuple[str, ...]]:
    found: dict[Split, list[Rows]] = {which: [] for which in Split}
    notes: list[Note] = []
    for which, rows, of_part in parts:
        found[which].append(rows)
        notes += of_part
    whole = {which: rows[0] if len(rows) == 1 else Rows.joined(rows) for which, rows in found.items()}
    return whole, told(notes)
