"""The modules of a user's own parts of networks, which every worker must be able to import."""

import re
from collections.abc import Iterator, Mapping

from mtl_search.model import Part
from mtl_search.sweep.spec import SweepSpec
from mtl_search.weighting import WeightingOptions

__all__ = ["own_parts"]

KEYS = ("encoder", "trunk", "sharing", "weighting")
PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def own_parts(spec: SweepSpec) -> tuple[str, ...]:
    """The ``module:Class`` of every part of the user's own that a trial of ``spec`` may have, and of tasks.

    Except classes of the script that is running, which travel with their trials.
    """
    found = {name for key in ("trial", "arms") for name in _in(spec.document.data.get(key))}
    found |= {task.kind for task in spec.settings.tasks.values() if ":" in task.kind}
    return tuple(sorted(name for name in found if not name.startswith("__main__:")))


def _in(value: object, part: bool = False) -> Iterator[str]:
    if isinstance(value, Part | WeightingOptions):
        yield from _in(value.name, part)
    elif isinstance(value, str):
        if part and PATH.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _in(inner, part or key in KEYS)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _in(inner, part)
