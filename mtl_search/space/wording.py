"""How a place and a finding are told to people: dotted paths, values as they stand in a sweep file."""

import re
from collections.abc import Mapping

__all__ = ["Mismatch", "Path", "dotted", "inner", "show", "told"]

Path = tuple[str | int, ...]  # keys of mappings and positions in lists, from the top of a document

_WIDTH = 60  # of a finding: longer ones are cut, the line number leads to the rest


class Mismatch(ValueError):
    """A value that is not what was expected, before the place is known.

    >>> str(Mismatch("low < high", "[2, 1]"))
    'expected low < high, found [2, 1]'
    """

    def __init__(self, expected: str, found: str, hint: str | None = None) -> None:
        super().__init__(expected, found, hint)
        self.expected, self.found, self.hint = expected, found, hint

    def __str__(self) -> str:
        return f"expected {self.expected}, found {self.found}" + (f"; {self.hint}" if self.hint else "")


_TOLD = re.compile(r"(?:(?P<about>.*?): )?expected (?P<expected>.+?), found (?P<found>.+)", re.DOTALL)


def told(error: ValueError) -> Mismatch | None:
    """What a ValueError says was expected and found; None where it is worded otherwise.

    >>> told(ValueError("stage 0: expected all members together, found 'a | b'")).expected
    'all members together (stage 0)'
    """
    if isinstance(error, Mismatch):
        return error
    if (parts := _TOLD.fullmatch(str(error))) is None:
        return None
    about = f" ({parts['about']})" if parts["about"] else ""
    return Mismatch(parts["expected"] + about, parts["found"])


def dotted(path: Path) -> str:
    """The path as text.

    >>> dotted(("trial", "weighting", "one_of", 1, "weights"))
    'trial.weighting.one_of[1].weights'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def show(value: object) -> str:
    """The value as a sweep file would have it, cut where it is long.

    >>> show({"float": [0.01, True, None]})
    '{float: [0.01, true, nothing]}'
    """
    text = _full(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


def inner(value: object) -> Mapping[str | int, object]:
    """What stands directly within a mapping, by key, or a list, by position; nothing for other values."""
    if isinstance(value, Mapping):
        return value
    return dict(enumerate(value)) if isinstance(value, list | tuple) else {}


def _full(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_full(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_full(item) for item in value) + "]"
    return repr(value)
