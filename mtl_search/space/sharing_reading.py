"""Reads what `trial.sharing` says."""

from collections.abc import Mapping

from mtl_search.design import Branching
from mtl_search.errors import Mismatch, did_you_mean, nearest
from mtl_search.space.document import Document
from mtl_search.space.node import Fields
from mtl_search.space.parameter import Categorical, IntRange
from mtl_search.space.ranges import Leaf
from mtl_search.space.reading import Reader, check_keys
from mtl_search.space.sharing_range import Choice, Literal, Own, Shared, SharingRange, Split, Tree
from mtl_search.space.wording import Path, show

__all__ = ["read_sharing"]

_FORMS = "shared, the text of a branching, {split: ...} or {tree: any}"


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
            return _own(value, path, document)
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


def _own(value: Mapping[str, object], path: Path, document: Document) -> Own:
    if ":" not in str(value["name"]):
        raise Mismatch("the name module:Class of a way of sharing", show(value["name"]))
    options = Reader(document).read(value, path)
    assert isinstance(options, Fields)
    return Own(options)


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
