"""Notes about a table: short sentences, in which many names are abridged."""

from collections.abc import Sequence

__all__ = ["abridged", "listing"]

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
