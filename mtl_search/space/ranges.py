"""The ranges as nodes: one parameter, one of several parts, one weight per task."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast, final

from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.space.node import Constant, Fields, Members, Node
from mtl_search.space.parameter import Categorical, FloatRange, Parameter, Range
from mtl_search.space.suggest import Suggest
from mtl_search.space.wording import Path, show

__all__ = ["Leaf", "OneOf", "Simplex", "without"]


@final
@dataclass(frozen=True, slots=True)
class Leaf(Node):
    """A value that is one parameter."""

    range: Range

    @override
    def sample(self, trial: Suggest, name: str, members: Members) -> object:
        return self.range.ask(trial, name)

    @override
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        yield Parameter(name, self.range)

    @override
    def children(self) -> Iterator[tuple[Path, Node]]:
        return iter(())


@final
@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """One of several mappings, discriminated by `name`; each brings its own parameters.

    The parameter ``<path>.name`` picks; those of an alternative stand under ``<path>.<its name>``, since
    two alternatives may give an option of one name different ranges.
    """

    alternatives: tuple[tuple[str, Fields], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.alternatives]
        if not names:
            raise Mismatch("at least one alternative", "none")
        if twice := [name for index, name in enumerate(names) if name in names[:index]]:
            raise Mismatch("alternatives that differ in name", f"{show(twice[0])} more than once")

    @override
    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, object]:
        choice = self._names.ask(trial, f"{name}.name")
        alternative = next(fields for known, fields in self.alternatives if known == choice)
        return alternative.sample(trial, f"{name}.{choice}", members)

    @override
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        yield Parameter(f"{name}.name", self._names)
        for choice, fields in self.alternatives:
            condition = (f"{name}.name", choice)
            for parameter in fields.parameters(f"{name}.{choice}", members):
                yield replace(parameter, conditions=(condition, *parameter.conditions))

    @override
    def children(self) -> Iterator[tuple[Path, Node]]:
        return ((("one_of", index), fields) for index, (_, fields) in enumerate(self.alternatives))

    @property
    def _names(self) -> Categorical:
        return Categorical(tuple(name for name, _ in self.alternatives))


@final
@dataclass(frozen=True, slots=True)
class Simplex(Node):
    """One positive number per member, with a mean of 1: how loss weights differ, not how large they are.

    Each is drawn from ``low`` to ``high`` on the log scale under the name ``<path>.<task>``, whatever the
    other members, and all are then divided by their mean.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        FloatRange(self.low, self.high, log=True)

    @override
    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, float]:
        drawn = {task: self._range.ask(trial, f"{name}.{task}") for task in members}
        total = sum(drawn.values())
        return {task: weight * len(drawn) / total for task, weight in drawn.items()}

    @override
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        return (Parameter(f"{name}.{task}", self._range) for task in members)

    @override
    def children(self) -> Iterator[tuple[Path, Node]]:
        return iter(())

    @property
    def _range(self) -> FloatRange:
        return FloatRange(self.low, self.high, log=True)


def without(node: Node, name: str, option: str) -> Node:
    """The node with ``option`` of the part called ``name`` left out, also where it is an alternative."""
    if isinstance(node, OneOf):
        return OneOf(
            tuple((known, cast(Fields, without(fields, name, option))) for known, fields in node.alternatives)
        )
    if not isinstance(node, Fields) or ("name", Constant(name)) not in node.entries:
        return node
    return Fields(tuple(entry for entry in node.entries if entry[0] != option))
