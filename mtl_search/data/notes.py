"""Notes about a table: short sentences, in which many names are abridged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import final

__all__ = ["Note", "abridged", "added", "listing", "told"]

SHOWN = 5


def abridged(names: Sequence[str], shown: int = SHOWN) -> str:
    """Names in quotes, and how many more there are.

    >>> abridged(["a", "b", "c", "d"], shown=2)
    "'a', 'b' and 2 more"
    """
    text = ", ".join(repr(name) for name in names[:shown])
    return f"{text} and {len(names) - shown} more" if len(names) > shown else text


def listing(columns: Sequence[str], of_one: str, of_many: str) -> tuple[str, ...]:
    """One note on all these columns, none if there are none; ``{is}`` becomes is or are.

    >>> listing(["row"], "looks odd and {is} left out", "look odd and {is} left out")
    ("column 'row' looks odd and is left out",)
    """
    if not columns:
        return ()
    if len(columns) == 1:
        return (f"column {columns[0]!r} {of_one.replace('{is}', 'is')}",)
    return (f"columns {abridged(columns)} {of_many.replace('{is}', 'are')}",)


@final
@dataclass(frozen=True, slots=True)
class Note:
    """A sentence on the rows of a column with counts in it, the first of which is a part of the second.

    ``example`` is of the first rows that have one. It is told if the part is larger than the share ``above``.

    >>> print(Note("'x'", " misses {:,} of {:,} rows", (3, 2000)))
    'x' misses 3 of 2,000 rows
    """

    column: str
    says: str
    counts: tuple[int, ...]
    example: str = ""
    above: float = 0.0
    split: str = ""

    @property
    def is_told(self) -> bool:
        """Whether people should know."""
        return self.counts[0] > self.above * self.counts[1]

    def and_of(self, other: "Note") -> "Note":
        """The same of these rows and others."""
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return replace(self, counts=counts, example=self.example or other.example)

    def __str__(self) -> str:
        of = f" ({self.split})" if self.split else ""
        example = f": {self.example}" if self.example else ""
        return f"{self.column}{self.says.format(*self.counts)}{of}{example}"


def added(notes: Iterable[Note]) -> tuple[Note, ...]:
    """One note of those on parts of a table that say the same, with their counts together."""
    found: dict[tuple[str, str, str], Note] = {}
    for note in notes:
        same = note.column, note.says, note.split
        found[same] = found[same].and_of(note) if same in found else note
    return tuple(found.values())


def told(notes: Iterable[Note]) -> tuple[str, ...]:
    """What people should know of all parts together.

    >>> told([Note("'x'", " misses {} of {} rows", (n, 100)) for n in (0, 3, 4)] + [Note("'y'", "", (0, 9))])
    ("'x' misses 7 of 300 rows",)
    """
    return tuple(str(note) for note in added(notes) if note.is_told)
