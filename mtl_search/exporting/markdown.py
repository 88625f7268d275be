"""Markdown: sections, tables and lists of a card."""

import math
from collections.abc import Iterable, Sequence

__all__ = ["bullets", "interval", "listed", "section", "table"]


def section(title: str, paragraphs: Sequence[str]) -> list[str]:
    """Paragraphs below a heading."""
    return [f"## {title}", *paragraphs]


def table(head: Sequence[str], rows: Iterable[tuple[str, ...]]) -> str:
    """Rows below a head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["age", "cost", "death"])
    '`age`, `cost` and `death`'
    """
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def interval(low: float, high: float, form: str) -> str:
    """Both ends of an interval; empty if there is none.

    >>> interval(-0.5, 1.0, "+.2f"), interval(math.nan, math.nan, ".4g")
    ('[-0.50, +1.00]', '')
    """
    return f"[{low:{form}}, {high:{form}}]" if math.isfinite(low) and math.isfinite(high) else ""
