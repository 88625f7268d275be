"""Reads a part of a document as nodes: which mappings are ranges, and whether they are written right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from mtl_search.errors import Mismatch, nearest
from mtl_search.space.document import Document
from mtl_search.space.node import Constant, Fields, Items, Node, PerTask
from mtl_search.space.parameter import Categorical, FloatRange, IntRange
from mtl_search.space.ranges import Leaf, OneOf, Simplex
from mtl_search.space.wording import Path, show

__all__ = ["ELSEWHERE", "WORDS", "Reader", "check_keys", "named"]

Spec = Mapping[str, Any]  # what stands in it is checked by the values made of it

ELSEWHERE = {"subset": "members", "tree": "sharing", "split": "sharing"}  # ranges of one place only


NAMED = ("encoder", "trunk", "weighting", "optimizer", "schedule")  # keys whose value has a name and options


def named(key: str, value: object) -> object:
    """The value of a key of `trial:`; a name alone stands for the defaults.

    >>> named("weighting", "equal"), named("precision", "float32")
    ({'name': 'equal'}, 'float32')
    """
    return {"name": value} if key in NAMED and isinstance(value, str) else value


@final
@dataclass(frozen=True, slots=True)
class Reader:
    """Reads values of one document.

    ``tasks``: a mapping with a task among its keys has one value per task; empty if there is none.
    """

    document: Document
    tasks: tuple[str, ...] = ()

    def read(self, value: object, path: Path) -> Node:
        """The node that ``value``, found at ``path``, describes; SpecError if it is no range."""
        if isinstance(value, list):
            return Items(tuple(self.read(item, (*path, index)) for index, item in enumerate(value)))
        if not isinstance(value, Mapping):
            return Constant(value)
        if "name" not in value and any(key in self.tasks for key in value):
            return self._per_task(value, path)
        if words := [key for key in value if key in WORDS]:
            return self._range(words[0], value, path)
        if wrong := [key for key in value if key in ELSEWHERE]:
            found = f"{wrong[0]!r}, which is for {ELSEWHERE[wrong[0]]}"
            raise self.document.error(path, "a value or a range that fits here", found)
        return Fields(tuple((key, self.read(item, (*path, key))) for key, item in value.items()))

    def _per_task(self, value: Spec, path: Path) -> PerTask:
        for key in value:
            if key not in self.tasks:
                raise self.document.error((*path, key), "a task", repr(key), nearest(key, self.tasks))
        inside = Reader(self.document)
        return PerTask(tuple((task, inside.read(item, (*path, task))) for task, item in value.items()))

    def _range(self, word: str, value: Spec, path: Path) -> Node:
        try:
            return WORDS[word](self, value, path)
        except Mismatch as wrong:
            raise wrong.at(self.document.place(path)) from None


def check_keys(value: Spec, word: str, *options: str) -> None:
    """Mismatch if the range that ``word`` opens has other keys than its options."""
    for key in value:
        if key not in (word, *options):
            expected = f"no key besides {', '.join(map(repr, (word, *options)))}"
            raise Mismatch(expected, repr(key), nearest(key, options) if options else None)


def _ends(value: object) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise Mismatch("[low, high]", show(value))
    return value[0], value[1]


def _float(reader: Reader, value: Spec, path: Path) -> Leaf:
    check_keys(value, "float", "log", "step")
    low, high = _ends(value["float"])
    return Leaf(FloatRange(low, high, **{key: value[key] for key in ("log", "step") if key in value}))


def _int(reader: Reader, value: Spec, path: Path) -> Leaf:
    check_keys(value, "int", "log", "step")
    low, high = _ends(value["int"])
    return Leaf(IntRange(low, high, **{key: value[key] for key in ("log", "step") if key in value}))


def _categorical(reader: Reader, value: Spec, path: Path) -> Leaf:
    check_keys(value, "categorical")
    choices = value["categorical"]
    if not isinstance(choices, list):
        raise Mismatch("a list of choices", show(choices))
    return Leaf(Categorical(tuple(choices)))


def _one_of(reader: Reader, value: Spec, path: Path) -> OneOf:
    check_keys(value, "one_of")
    alternatives = value["one_of"]
    if not isinstance(alternatives, list):
        raise Mismatch("a list of alternatives", show(alternatives))
    read = []
    for index, given in enumerate(alternatives):
        place, alternative = (*path, "one_of", index), {"name": given} if isinstance(given, str) else given
        if not isinstance(alternative, Mapping) or not isinstance(alternative.get("name"), str):
            raise reader.document.error(place, "a mapping with a name", show(alternative))
        node = reader.read(alternative, place)
        assert isinstance(node, Fields)  # ranges and values per task have no name
        read.append((str(alternative["name"]), node))
    return OneOf(tuple(read))


def _simplex(reader: Reader, value: Spec, path: Path) -> Simplex:
    check_keys(value, "simplex")
    low, high = _ends(value["simplex"])
    return Simplex(low, high)


WORDS: Mapping[str, Callable[[Reader, Spec, Path], Node]] = {
    "float": _float,
    "int": _int,
    "categorical": _categorical,
    "one_of": _one_of,
    "simplex": _simplex,
}
