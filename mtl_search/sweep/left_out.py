"""A sweep without some of its tasks: those whose labels the data cannot judge."""

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["without_tasks"]


def without_tasks(sweep: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A sweep file's content without these tasks, wherever they are listed or have a value of their own.

    What names one in another way (the text of a tree, the primary task of a method) stays, and is refused
    when the content is checked.

    >>> sweep = {"tasks": {"a": "binary", "b": "binary"}, "trial": {"members": {"subset": {"max": 2}}}}
    >>> without_tasks(sweep, ["b"])
    {'tasks': {'a': 'binary'}, 'trial': {'members': {'subset': {'max': 1}}}}
    """
    tasks = {name: options for name, options in sweep["tasks"].items() if name not in names}
    spaces = {
        block: _without(sweep[block], frozenset(names), len(tasks))
        for block in ("trial", "arms")
        if block in sweep
    }
    return {**sweep, "tasks": tasks, **spaces}


def _without(value: Any, names: frozenset[str], left: int) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _clamped(item, left) if key == "subset" else _without(item, names, left)
            for key, item in value.items()
            if key not in names
        }
    if isinstance(value, list):
        return [_without(item, names, left) for item in value if not _is_one_of(item, names)]
    return value


def _is_one_of(item: Any, names: frozenset[str]) -> bool:
    return isinstance(item, str) and item in names


def _clamped(subset: Any, left: int) -> Any:
    """The sizes of a subset, at most as many tasks as are left."""
    if not isinstance(subset, Mapping):
        return subset
    return {key: min(size, left) if isinstance(size, int) else size for key, size in subset.items()}
