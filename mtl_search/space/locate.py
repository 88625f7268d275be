"""From a place in a sampled configuration back to the place in the document that it was sampled from."""

from collections.abc import Mapping

from mtl_search.space.node import Node
from mtl_search.space.ranges import OneOf
from mtl_search.space.wording import Path, inner

__all__ = ["locate"]


def locate(node: Node, path: Path, value: object, rest: Path) -> Path:
    """The place in the document of what is at ``rest`` within ``value``, a sample of ``node``.

    ``path`` is where ``node`` stands. What is missing in the sample gets the place it should have had.
    """
    if isinstance(node, OneOf) and isinstance(value, Mapping):
        names = [name for name, _ in node.alternatives]
        if value.get("name") not in names:
            return path
        index = names.index(value["name"])
        return locate(node.alternatives[index][1], (*path, "one_of", index), value, rest)
    if not rest:
        return path
    children = dict(node.children())
    child = children.get(rest[:1])
    if child is None:
        return path if not children else path + rest[:1]
    return locate(child, path + rest[:1], inner(value).get(rest[0]), rest[1:])
