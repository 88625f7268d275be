"""A document: plain data in which every value knows its line."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from mtl_search.errors import SpecError
from mtl_search.space.wording import Path, dotted, inner, show

__all__ = ["Document"]


@final
@dataclass(frozen=True, slots=True)
class Document:
    """Nested dicts, lists and scalars, and the line of each in the file they come from.

    ``name`` is the path of the file, ``<sweep>`` for values given in Python, which have no lines.

    >>> document = Document.from_value({"budget": {"trials": -4}})
    >>> document.place(("budget", "trials"))
    '<sweep>: budget.trials'
    """

    name: str
    data: Mapping[str, object]
    lines: Mapping[Path, int] = field(default_factory=dict)

    @classmethod
    def from_value(cls, value: Mapping[str, object], name: str = "<sweep>") -> "Document":
        """A document of a Python value; it is copied, tuples become lists, other objects stay as they are."""
        unchecked = cls(name, {})
        if not isinstance(value, Mapping):
            raise unchecked.error((), "a mapping", show(value))
        return cls(name, {key: _plain(item, (key,), unchecked) for key, item in _items(value, (), unchecked)})

    def get(self, path: Path) -> object:
        """The value at ``path``, None if there is none."""
        here: object = self.data
        for step in path:
            here = inner(here).get(step)
        return here

    def line(self, path: Path) -> int | None:
        """The line of the value at ``path``, or of what would hold it; None if there are no lines."""
        known = (self.lines.get(path[:length]) for length in range(len(path), -1, -1))
        return next((line for line in known if line is not None), None)

    def place(self, path: Path) -> str:
        """``file:line: a.b.c``, for an error."""
        line = self.line(path)
        file = self.name if line is None else f"{self.name}:{line}"
        return f"{file}: {dotted(path)}" if path else file

    def error(self, path: Path, expected: str, found: str, hint: str | None = None) -> SpecError:
        """The error that the value at ``path`` is not what was expected."""
        return SpecError(self.place(path), expected, found, hint)


def _items(value: Mapping[str, object], path: Path, document: Document) -> list[tuple[str, object]]:
    for key in value:
        if not isinstance(key, str):
            raise document.error(path, "text as each key", show(key))
    return list(value.items())


def _plain(value: object, path: Path, document: Document) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item, (*path, key), document) for key, item in _items(value, path, document)}
    if isinstance(value, list | tuple):
        return [_plain(item, (*path, index), document) for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise document.error(path, "a finite number", show(value))
    return value
