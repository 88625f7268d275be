"""Ways of sharing with a name and options, soft ones and a user's own, and the choice among several ways."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import final

from typing_extensions import override

from mtl_search.design import Branching
from mtl_search.errors import Mismatch
from mtl_search.space.locate import locate
from mtl_search.space.node import Constant, Fields, Node, walk
from mtl_search.space.parameter import Categorical, FloatRange, Parameter
from mtl_search.space.ranges import Leaf
from mtl_search.space.sharing_range import Members, SharingRange
from mtl_search.space.suggest import Scalar, Suggest
from mtl_search.space.wording import Path, show

__all__ = ["Named", "OneOfWays"]

_NAME = "sharing.name"


@final
@dataclass(frozen=True, slots=True)
class Named(SharingRange):
    """A way with a ``name``, built in or ``module:Class``, whose options may be ranges.

    ``place`` is what its parameters are named by. ``start`` of one that is built in is the first stage that
    is not shared by all: behind the last stage of a trial it is that stage.
    """

    options: Fields
    place: str = "sharing"

    @property
    def name(self) -> str:
        """Its name, as it is written."""
        return str(self._option("name"))

    @override
    def sample(
        self, trial: Suggest, members: Members, n_stages: int, max_stages: int
    ) -> Mapping[str, object]:
        sampled = self.options.sample(trial, self.place, members)
        start = sampled.get("start")
        if self._is_own or not isinstance(start, int):
            return sampled
        return {**sampled, "start": min(start, n_stages - 1)}

    @override
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        return self.options.parameters(self.place, members)

    @override
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        start_at = dict(self.options.entries).get("start", Constant(0))
        for start in () if self._is_own else _ends(start_at):
            if isinstance(start, int) and start >= max(stages):
                raise Mismatch(f"a start from 0 to {max(stages) - 1} (the last stage)", show(start))

    @override
    def count(self, n_members: int, n_stages: int) -> int:
        """Whole numbers and choices tell networks apart, other numbers only how they learn."""
        nodes = (node for _, node in walk(self.options, ()))
        ranges = [node.range for node in nodes if isinstance(node, Leaf)]
        return 1 if n_members == 1 else prod(r.count for r in ranges if not isinstance(r, FloatRange))

    @override
    def locate(self, path: Path, value: object, rest: Path) -> Path:
        return locate(self.options, path, value, rest)

    @property
    def _is_own(self) -> bool:
        return ":" in self.name

    def _option(self, key: str) -> object:
        node = dict(self.options.entries)[key]
        return node.value if isinstance(node, Constant) else None


@final
@dataclass(frozen=True, slots=True)
class OneOfWays(SharingRange):
    """One of several, by what tells it apart: the parameter ``sharing.name``; each brings its own parameters.

    The first trainings of each member set have each way once, so that none is judged unseen.
    """

    ways: tuple[tuple[str, SharingRange], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.ways]
        if not names:
            raise Mismatch("at least one way of sharing", "none")
        if twice := [name for index, name in enumerate(names) if name in names[:index]]:
            raise Mismatch("each way of sharing once", f"{twice[0]!r} more than once")

    @override
    def sample(
        self, trial: Suggest, members: Members, n_stages: int, max_stages: int
    ) -> Branching | Mapping[str, object]:
        way = dict(self.ways)[str(self._names.ask(trial, _NAME))]
        return way.sample(trial, members, n_stages, max_stages)

    @override
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        yield Parameter(_NAME, self._names)
        for name, way in self.ways:
            for parameter in way.parameters(members, max_stages):
                yield replace(parameter, conditions=((_NAME, name), *parameter.conditions))

    @override
    def starts(self, members: Members, max_stages: int) -> Iterator[dict[str, Scalar]]:
        for name, way in self.ways:
            for start in list(way.starts(members, max_stages)) or [{}]:
                yield {_NAME: name, **start}

    @override
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        for _, way in self.ways:
            way.check(tasks, stages)

    @override
    def count(self, n_members: int, n_stages: int) -> int:
        return 1 if n_members == 1 else sum(way.count(n_members, n_stages) for _, way in self.ways)

    @override
    def locate(self, path: Path, value: object, rest: Path) -> Path:
        name = value.get("name") if isinstance(value, Mapping) else None
        for index, (known, way) in enumerate(self.ways):
            if known == name:
                return way.locate((*path, "one_of", index), value, rest)
        return path

    @property
    def _names(self) -> Categorical:
        return Categorical(tuple(name for name, _ in self.ways))


def _ends(node: Node) -> tuple[object, ...]:
    """A value, the ends of a range of whole numbers, or all choices; empty for others."""
    if isinstance(node, Constant):
        return (node.value,)
    return node.range.probes if isinstance(node, Leaf) and not isinstance(node.range, FloatRange) else ()
