"""How many stages the trunk of a trial has, and may have."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Protocol, cast

from mtl_search.space.document import Document
from mtl_search.space.node import Constant, Fields, Node
from mtl_search.space.parameter import Categorical, IntRange
from mtl_search.space.ranges import Leaf, OneOf
from mtl_search.space.wording import Path, show

__all__ = ["possible_stages", "stages_of"]


class _Staged(Protocol):
    @property
    def stages(self) -> int: ...


def stages_of(trunk: object) -> int:
    """The stages of a sampled trunk: a mapping as in a sweep file, or a trunk configured in Python."""
    if isinstance(trunk, Mapping):
        return int(trunk["stages"])
    return cast(_Staged, trunk).stages


def possible_stages(trunk: Node, path: Path, document: Document) -> frozenset[int]:
    """All numbers of stages that samples of ``trunk`` may have; SpecError where it does not say.

    They must be said, though a trunk might have a default: branchings are cut at them.
    """
    if isinstance(trunk, OneOf):
        each = (possible_stages(node, path + step, document) for step, node in trunk.children())
        return frozenset().union(*each)
    if isinstance(trunk, Constant) and not isinstance(trunk.value, str | int | float | None):
        return frozenset({stages_of(trunk.value)})
    if not isinstance(trunk, Fields):
        found = show(trunk.value) if isinstance(trunk, Constant) else "something else"
        raise document.error(path, "a mapping with name and stages", found)
    entries = dict(trunk.entries)
    if "stages" not in entries:
        close = get_close_matches("stages", entries, n=1)
        hint = f"did you mean it by {close[0]!r}?" if close else "branchings are cut at them"
        raise document.error((*path, "stages"), "the number of stages", "nothing", hint)
    return frozenset(_counts(entries["stages"], (*path, "stages"), document))


def _counts(node: Node, path: Path, document: Document) -> list[int]:
    if isinstance(node, Leaf) and isinstance(node.range, IntRange):
        found: tuple[object, ...] = tuple(node.range.values)
    elif isinstance(node, Leaf) and isinstance(node.range, Categorical):
        found = node.range.choices
    else:
        found = (node.value,) if isinstance(node, Constant) else ("another range",)
    for count in found:
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise document.error(path, "a whole number of stages, at least 1", show(count))
    return [count for count in found if isinstance(count, int)]
