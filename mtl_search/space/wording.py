"""Places and findings as errors show them: dotted paths, values as they stand in a sweep file."""

from collections.abc import Mapping

from mtl_search.uris import is_uri, shown

__all__ = ["Path", "dotted", "inner", "show"]

Path = tuple[str | int, ...]  # keys of mappings and positions in lists, from the top of a document

_WIDTH = 60  # of a finding: longer ones are cut, the line number leads to the rest


def dotted(path: Path) -> str:
    """The path as text.

    >>> dotted(("trial", "weighting", "one_of", 1, "weights"))
    'trial.weighting.one_of[1].weights'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def show(value: object) -> str:
    """The value as a sweep file would have it, cut if it is long.

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
    if isinstance(value, str) and is_uri(value):
        return repr(shown(value))
    return repr(value)
