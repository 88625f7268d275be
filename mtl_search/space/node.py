"""The parts of `trial:`: values that are given, and what holds ranges."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.space.parameter import Parameter
from mtl_search.space.suggest import Suggest
from mtl_search.space.wording import Path

__all__ = ["Constant", "Fields", "Items", "Node", "PerTask", "walk"]

Members = tuple[str, ...]


class Node(ABC):
    """A value, a range of values, or a mapping or list of these.

    ``name`` is the dotted path that parameters are named by; a sample depends on the members if a value is
    one per task.
    """

    __slots__ = ()

    @abstractmethod
    def sample(self, trial: Suggest, name: str, members: Members) -> object:
        """A value of the shape that `trial:` has here."""

    @abstractmethod
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """What ``sample`` may ask for with these members."""

    @abstractmethod
    def children(self) -> Iterator[tuple[Path, "Node"]]:
        """The nodes within this one, each with the path from here to it in the document."""


def walk(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """The node and all within it, each with its path in the document."""
    yield path, node
    for step, child in node.children():
        yield from walk(child, path + step)


@final
@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A value that is given; any object when it comes from Python."""

    value: object

    @override
    def sample(self, trial: Suggest, name: str, members: Members) -> object:
        return self.value

    @override
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        return iter(())

    @override
    def children(self) -> Iterator[tuple[Path, Node]]:
        return iter(())


@final
@dataclass(frozen=True, slots=True)
class Fields(Node):
    """A mapping whose values may be ranges."""

    entries: tuple[tuple[str, Node], ...]

    @override
    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, object]:
        return {key: node.sample(trial, f"{name}.{key}", members) for key, node in self.entries}

    @override
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        for key, node in self.entries:
            yield from node.parameters(f"{name}.{key}", members)

    @override
    def children(self) -> Iterator[tuple[Path, Node]]:
        return (((key,), node) for key, node in self.entries)


@final
@dataclass(frozen=True, slots=True)
class Items(Node):
    """A list whose items may be ranges."""

    items: tuple[Node, ...]

    @override
    def sample(self, trial: Suggest, name: str, members: Members) -> list[object]:
        return [node.sample(trial, f"{name}.{index}", members) for index, node in enumerate(self.items)]

    @override
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        for index, node in enumerate(self.items):
            yield from node.parameters(f"{name}.{index}", members)

    @override
    def children(self) -> Iterator[tuple[Path, Node]]:
        return (((index,), node) for index, node in enumerate(self.items))


@final
@dataclass(frozen=True, slots=True)
class PerTask(Node):
    """A mapping from tasks to values, of which a network gets those of its members."""

    entries: tuple[tuple[str, Node], ...]

    @override
    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, object]:
        return self._of(members).sample(trial, name, members)

    @override
    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        return self._of(members).parameters(name, members)

    @override
    def children(self) -> Iterator[tuple[Path, Node]]:
        return Fields(self.entries).children()

    def check_covers(self, members: Members) -> None:
        """Mismatch if one of ``members`` has no value."""
        if missing := sorted(set(members) - {task for task, _ in self.entries}):
            raise Mismatch("a value for each task that can be a member", f"none for {', '.join(missing)}")

    def _of(self, members: Members) -> Fields:
        return Fields(tuple((task, node) for task, node in self.entries if task in members))
