"""Reads what `trial.sharing` says."""

from collections.abc import Mapping

from mtl_search.design import Branching
from mtl_search.errors import Mismatch, did_you_mean, nearest
from mtl_search.space.document import Document
from mtl_search.space.node import Fields
from mtl_search.space.parameter import Categorical, IntRange
from mtl_search.space.ranges import Leaf
from mtl_search.space.reading import Reader, check_keys
from mtl_search.space.sharing_named import Named, OneOfWays
from mtl_search.space.sharing_range import Choice, Literal, Shared, SharingRange, Split, Tree
from mtl_search.space.wording import Path, show

__all__ = ["read_sharing"]

_HARD = "shared, the text of a branching, {split: ...} or {tree: any}"
_FORMS = "shared, the text of a branching, {split: ...}, {tree: any}, {name: ...} or {one_of: [...]}"


def read_sharing(value: object, path: Path, document: Document, tasks: tuple[str, ...]) -> SharingRange:
    """The range that ``value`` describes; that it fits the members and the trunk is checked later."""
    try:
        if isinstance(value, str):
            return _text(value, tasks)
        if isinstance(value, Mapping) and "split" in value:
            check_keys(value, "split")
            return _split(value["split"], (*path, "split"), document)
        if isinstance(value, Mapping) and "tree" in value:
            check_keys(value, "tree")
            if value["tree"] != "any":
                raise Mismatch("{tree: any}", show(value))
            return Tree()
        if isinstance(value, Mapping) and "name" in value:
            return _named(value, path, document)
        if isinstance(value, Mapping) and "one_of" in value:
            check_keys(value, "one_of")
            return _one_of(value["one_of"], (*path, "one_of"), document, tasks)
        if isinstance(value, Mapping) and "categorical" in value:
            return _choice(Reader(document).read(value, path), tasks)
        raise Mismatch(_FORMS, show(value))
    except Mismatch as wrong:
        raise wrong.at(document.place(path)) from None


def _text(text: str, tasks: tuple[str, ...]) -> Shared | Literal:
    if text == "shared":
        return Shared()
    if "/" not in text and "|" not in text and not set(text.split()) & set(tasks):
        raise Mismatch(_FORMS, repr(text), did_you_mean(text, ["shared"]))
    branching = Branching.parse(text)
    for task in branching.members:
        if task not in tasks:
            raise Mismatch("a branching of tasks", repr(task), nearest(task, tasks))
    return Literal(branching)


def _named(value: Mapping[str, object], path: Path, document: Document) -> Named:
    if not isinstance(value["name"], str):
        raise Mismatch("the name of a way of sharing", show(value["name"]))
    options = Reader(document).read(value, path)
    assert isinstance(options, Fields)
    return Named(options)


def _one_of(value: object, path: Path, document: Document, tasks: tuple[str, ...]) -> OneOfWays:
    if not isinstance(value, list):
        raise Mismatch("a list of ways of sharing", show(value))
    ways = []
    for index, given in enumerate(value):
        if isinstance(given, Mapping) and not {"split", "tree", "name"} & set(given):
            raise document.error((*path, index), f"{_HARD}, or {{name: ...}}", show(given))
        ways.append(_told_apart(read_sharing(given, (*path, index), document, tasks)))
    return OneOfWays(tuple(ways))


def _told_apart(way: SharingRange) -> tuple[str, SharingRange]:
    """A way with what it is called among others; two of one name could give an option different ranges."""
    if isinstance(way, Named):
        return way.name, Named(way.options, f"sharing.{way.name}")
    return str(way.branching) if isinstance(way, Literal) else type(way).__name__.lower(), way


def _split(value: object, path: Path, document: Document) -> Split:
    if isinstance(value, int) and not isinstance(value, bool):
        return Split(value)
    node = Reader(document).read(value, path)
    if isinstance(node, Leaf) and isinstance(node.range, IntRange | Categorical):
        return Split(node.range)
    raise Mismatch("{split: {int: [low, high]}} or {split: 2}", show({"split": value}))


def _choice(node: object, tasks: tuple[str, ...]) -> Choice:
    assert isinstance(node, Leaf)
    assert isinstance(node.range, Categorical)
    choices: dict[str, Shared | Literal] = {}
    for text in node.range.choices:
        if not isinstance(text, str):
            raise Mismatch("choices that are shared or the text of a branching", show(text))
        choice = _text(text, tasks)
        name = str(choice.branching) if isinstance(choice, Literal) else text
        if name in choices:
            raise Mismatch("each choice once", f"{name!r} more than once")
        choices[name] = choice
    return Choice(choices)
