"""The parts of `trial:`: values that are given, and what holds ranges."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from mtl_search.errors import Mismatch
from mtl_search.space.parameter import Parameter
from mtl_search.space.suggest import Suggest
from mtl_search.space.wording import Path

__all__ = ["Constant", "Fields", "Items", "Node", "PerTask", "walk"]

Members = tuple[str, ...]


class Node(ABC):
    """A value, a range of values, or a mapping or list of these.

    ``name`` is the dotted path that parameters are named by; what is sampled depends on the members
    where a value is one per task.
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


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A value that is given; any object when it comes from Python."""

    value: object

    def sample(self, trial: Suggest, name: str, members: Members) -> object:
        """The value itself."""
        return self.value

    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """None."""
        return iter(())

    def children(self) -> Iterator[tuple[Path, Node]]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Fields(Node):
    """A mapping whose values may be ranges."""

    entries: tuple[tuple[str, Node], ...]

    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, object]:
        """The mapping with each value sampled."""
        return {key: node.sample(trial, f"{name}.{key}", members) for key, node in self.entries}

    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """Those of the values."""
        for key, node in self.entries:
            yield from node.parameters(f"{name}.{key}", members)

    def children(self) -> Iterator[tuple[Path, Node]]:
        """The values by key."""
        return (((key,), node) for key, node in self.entries)


@dataclass(frozen=True, slots=True)
class Items(Node):
    """A list whose items may be ranges."""

    items: tuple[Node, ...]

    def sample(self, trial: Suggest, name: str, members: Members) -> list[object]:
        """The list with each item sampled."""
        return [node.sample(trial, f"{name}.{index}", members) for index, node in enumerate(self.items)]

    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """Those of the items."""
        for index, node in enumerate(self.items):
            yield from node.parameters(f"{name}.{index}", members)

    def children(self) -> Iterator[tuple[Path, Node]]:
        """The items by position."""
        return (((index,), node) for index, node in enumerate(self.items))


@dataclass(frozen=True, slots=True)
class PerTask(Node):
    """A mapping from tasks to values, of which a network gets those of its members."""

    entries: tuple[tuple[str, Node], ...]

    def sample(self, trial: Suggest, name: str, members: Members) -> dict[str, object]:
        """The values of the members."""
        kept = ((task, node) for task, node in self.entries if task in members)
        return {task: node.sample(trial, f"{name}.{task}", members) for task, node in kept}

    def parameters(self, name: str, members: Members) -> Iterator[Parameter]:
        """Those of the members' values."""
        for task, node in self.entries:
            if task in members:
                yield from node.parameters(f"{name}.{task}", members)

    def children(self) -> Iterator[tuple[Path, Node]]:
        """The values by task."""
        return (((task,), node) for task, node in self.entries)

    def check_covers(self, members: Members) -> None:
        """Mismatch where one of ``members`` has no value."""
        if missing := sorted(set(members) - {task for task, _ in self.entries}):
            raise Mismatch("a value for each task that can be a member", f"none for {', '.join(missing)}")
