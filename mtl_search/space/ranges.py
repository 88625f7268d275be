"""The ranges as nodes: one parameter, one of several parts, one weight per task."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mtl_search.errors import Mismatch
from mtl_search.space.node import Fields, Members, Node
from mtl_search.space.parameter import Categorical, FloatRange, Parameter, Range
from mtl_search.space.suggest import Suggest
from mtl_search.space.wording import Path, show

__all__ = ["Leaf", "OneOf", "Simplex"]


@dataclass(frozen=True, slots=True)
class Leaf(Node):
    """A value that is one parameter."""

    range: Range

    def sample(self, trial: Suggest, name: str, members: Members) -> object:
        """The value of the parameter."""
        return self.range.ask(trial, name)

    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """That one."""
        yield Parameter(name, self.range)

    def children(self) -> Iterator[tuple[Path, Node]]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """One of several mappings, told apart by their `name`; each brings its own parameters.

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

    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, object]:
        """The alternative that the trial picks."""
        choice = self._names.ask(trial, f"{name}.name")
        alternative = next(fields for known, fields in self.alternatives if known == choice)
        return alternative.sample(trial, f"{name}.{choice}", members)

    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """The choice, then what each alternative asks for when it is chosen."""
        yield Parameter(f"{name}.name", self._names)
        for choice, fields in self.alternatives:
            condition = (f"{name}.name", choice)
            for parameter in fields.parameters(f"{name}.{choice}", members):
                yield replace(parameter, conditions=(condition, *parameter.conditions))

    def children(self) -> Iterator[tuple[Path, Node]]:
        """The alternatives by position."""
        return ((("one_of", index), fields) for index, (_, fields) in enumerate(self.alternatives))

    @property
    def _names(self) -> Categorical:
        return Categorical(tuple(name for name, _ in self.alternatives))


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

    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, float]:
        """The weights of the members."""
        drawn = {task: self._range.ask(trial, f"{name}.{task}") for task in members}
        total = sum(drawn.values())
        return {task: weight * len(drawn) / total for task, weight in drawn.items()}

    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """One per member."""
        return (Parameter(f"{name}.{task}", self._range) for task in members)

    def children(self) -> Iterator[tuple[Path, Node]]:
        """None."""
        return iter(())

    @property
    def _range(self) -> FloatRange:
        return FloatRange(self.low, self.high, log=True)
