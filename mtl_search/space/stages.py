"""How many stages the trunk of a trial has, and may have."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol, cast, runtime_checkable

from mtl_search.design import MOST_STAGES
from mtl_search.space.document import Document
from mtl_search.space.node import Constant, Fields, Node
from mtl_search.space.parameter import Categorical, IntRange
from mtl_search.space.ranges import Leaf, OneOf
from mtl_search.space.wording import Path, show

__all__ = ["possible_stages", "stages_of"]


@runtime_checkable
class _Staged(Protocol):
    @property
    def stages(self) -> int: ...


def stages_of(trunk: object) -> int:
    """The stages of the branchings of a sampled trunk, one if it has none itself.

    A trunk is a mapping as in a sweep file, or configured in Python.
    """
    if isinstance(trunk, Mapping):
        return max(1, int(trunk["stages"]))
    return max(1, cast(_Staged, trunk).stages)


def possible_stages(trunk: Node, path: Path, document: Document) -> frozenset[int]:
    """All numbers of stages that samples of ``trunk`` may have; SpecError if it does not say.

    They must be said, though a trunk might have a default: branchings are cut at them.
    """
    if isinstance(trunk, OneOf):
        each = (possible_stages(node, path + step, document) for step, node in trunk.children())
        return frozenset().union(*each)
    if isinstance(trunk, Constant) and isinstance(trunk.value, _Staged):
        return frozenset({max(1, trunk.value.stages)})
    if not isinstance(trunk, Fields):
        raise document.error(path, "a mapping with name and stages", _written(trunk, path, document))
    entries = dict(trunk.entries)
    if "stages" not in entries:
        close = get_close_matches("stages", entries, n=1)
        hint = f"did you mean it by {close[0]!r}?" if close else "branchings are cut at them"
        raise document.error((*path, "stages"), "the number of stages", "nothing", hint)
    return frozenset(max(1, count) for count in _counts(entries["stages"], (*path, "stages"), document))


def _counts(node: Node, path: Path, document: Document) -> Sequence[int]:
    """Looked at from its ends first: between them there may be more than a machine holds."""
    of_range = isinstance(node, Leaf) and isinstance(node.range, IntRange | Categorical)
    span = cast(Leaf, node).range if of_range else None
    ends: Sequence[object] = (node.value if isinstance(node, Constant) else None,)
    ends = ends if span is None else span.probes
    counts = [count for count in ends if isinstance(count, int) and not isinstance(count, bool)]
    if len(counts) < len(ends) or min(counts) < 0 or max(counts) > MOST_STAGES:
        expected = f"a whole number of stages, from 0 to {MOST_STAGES}"
        raise document.error(path, expected, _written(node, path, document))
    return span.values if isinstance(span, IntRange) else counts


def _written(node: Node, path: Path, document: Document) -> str:
    return show(node.value if isinstance(node, Constant) else document.get(path))
