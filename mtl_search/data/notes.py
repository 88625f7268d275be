"""Notes about a table: short sentences, in which many names are abridged."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = ["abridged", "listing", "told_once"]

SHOWN = 5
NUMBER = re.compile(r"'[^']*'|\d[\d,.]*")  # or a name in quotes, whose numbers tell it from others


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


def told_once(notes: Iterable[str]) -> tuple[str, ...]:
    """Notes on parts of a table, of those that differ in numbers alone the first, and how many parts more.

    >>> told_once(["'x1' misses 3 rows", "'x2' misses 3 rows", "'x1' misses 4 rows", "'x1' misses 0.5 %"])
    ("'x1' misses 3 rows (and so in 1 more part)", "'x2' misses 3 rows", "'x1' misses 0.5 %")
    """
    first: dict[str, str] = {}
    more: Counter[str] = Counter()
    for note in notes:
        alike = NUMBER.sub(lambda found: found[0] if found[0].startswith("'") else "#", note)
        if alike in first:
            more[alike] += 1
        else:
            first[alike] = note
    parts = {alike: f" (and so in {n} more part{'s' if n > 1 else ''})" for alike, n in more.items()}
    return tuple(note + parts.get(alike, "") for alike, note in first.items())
