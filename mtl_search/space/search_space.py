"""The search space of one arm: `trial:` of a sweep file, any leaf of which may be a range."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from math import comb
from typing import final

from pydantic import BaseModel, ValidationError

from mtl_search.design import Branching, is_of_branching
from mtl_search.errors import Mismatch, nearest
from mtl_search.space.document import Document
from mtl_search.space.locate import locate
from mtl_search.space.members import MembersRange, read_members
from mtl_search.space.node import Constant, Node, PerTask, walk
from mtl_search.space.parameter import IntRange, Parameter
from mtl_search.space.pydantic_errors import OLD_KEYS, spec_error
from mtl_search.space.ranges import Leaf, without
from mtl_search.space.reading import Reader, named
from mtl_search.space.sharing_range import Shared, SharingRange, Split
from mtl_search.space.sharing_reading import read_sharing
from mtl_search.space.stages import possible_stages, stages_of
from mtl_search.space.suggest import FixedSuggest, Scalar, Suggest
from mtl_search.space.wording import Path, show

__all__ = ["SearchSpace", "Validate"]

Validate = Callable[[Mapping[str, object]], object]  # raises ValueError, which pydantic's errors are

_SINGLE = {"name": "equal"}  # the weighting of a network with one member


@final
@dataclass(frozen=True, slots=True)
class Source:
    """Where a space comes from, and what makes configurations of its samples."""

    document: Document
    validate: Validate

    @property
    def model(self) -> type[BaseModel] | None:
        """The pydantic model that validates, if it is one."""
        owner = getattr(self.validate, "__self__", None)
        return owner if isinstance(owner, type) and issubclass(owner, BaseModel) else None


@final
@dataclass(frozen=True, slots=True)
class SearchSpace:
    """The trials of one arm: which members, how they share, which values of every other option.

    Made by ``parse``, and from there by ``override``, which check all of it.
    ``options`` holds the keys of `trial:` apart from members and sharing, ``stages`` the possible numbers
    of stages of the trunk, ``places`` where each key stands in the document, ``root`` where `trial:` does.
    """

    source: Source = field(repr=False, compare=False)
    tasks: tuple[str, ...]
    members: MembersRange
    sharing: SharingRange
    options: Mapping[str, Node]
    stages: frozenset[int]
    places: Mapping[str, Path]
    root: Path

    @classmethod
    def parse(
        cls,
        node: object,
        tasks: Iterable[str],
        document: Document,
        path: Path,
        validate: Validate,
    ) -> "SearchSpace":
        """The space that ``node``, found at ``path`` of ``document``, describes.

        Without `members` it has all sets of tasks, without `sharing` every split point. ``validate``
        gets the configurations at both ends of each range; what it refuses is a SpecError at the range. Give
        ``Model.model_validate`` of a pydantic model, and errors name the nearest valid key.
        """
        names = tuple(sorted(tasks))
        members = MembersRange(names, 1, len(names))
        nothing = cls(Source(document, validate), names, members, Shared(), {}, frozenset(), {}, path)
        return nothing.override(node, path)

    def override(self, node: object, path: Path) -> "SearchSpace":
        """This space with each key of ``node``, found at ``path``, in the place of the whole of that key."""
        document, model = self.source.document, self.source.model
        if not isinstance(node, Mapping):
            raise document.error(path, "a mapping with the keys of a trial", show(node))
        known = node if model is None else model.model_fields
        for key in node:
            if key not in known:
                hint = OLD_KEYS.get(("trial", key)) or nearest(key, known)
                raise document.error((*path, key), "a known key", repr(key), hint)
        places = {key: (*path, key) for key in node}
        read = {
            key: Reader(document, self.tasks if key == "weighting" else ()).read(
                named(key, value), places[key]
            )
            for key, value in node.items()
            if key not in ("members", "sharing")
        }
        space = replace(self, options={**self.options, **read}, places={**self.places, **places})
        if "members" in node:
            members = read_members(node["members"], places["members"], document, self.tasks)
            space = replace(space, members=members)
        if "sharing" in node:
            sharing = read_sharing(node["sharing"], places["sharing"], document, self.tasks)
            space = replace(space, sharing=sharing)
        if "trunk" not in space.options:
            raise document.error((*path, "trunk"), "a trunk with its stages", "nothing")
        stages = possible_stages(space.options["trunk"], space.places["trunk"], document)
        space = replace(space, stages=stages)
        if "sharing" not in space.places:
            space = replace(space, sharing=Split(IntRange(1, max(stages)) if max(stages) > 1 else 1))
        space._check()
        return space

    def without(self, key: str, name: str, option: str) -> "SearchSpace":
        """This space with ``option`` left at its default wherever ``key`` is the part called ``name``."""
        if key not in self.options:
            return self
        return replace(self, options={**self.options, key: without(self.options[key], name, option)})

    @property
    def n_stages(self) -> int:
        """The stages of the trunk; the largest number if that is a range."""
        return max(self.stages)

    def parameters(self, members: Iterable[str] | None = None) -> tuple[Parameter, ...]:
        """What ``sample`` may ask for with these members; without, all there is, members included."""
        if members is None:
            return (*self.members.parameters(), *self.parameters(self.members.tasks))
        names = tuple(sorted(members))
        sharing = self.sharing.parameters(names, self.n_stages) if len(names) > 1 else iter(())
        options = (node.parameters(key, names) for key, node in self._options_for(names))
        return (*sharing, *chain.from_iterable(options))

    def sample(self, trial: Suggest, members: Iterable[str]) -> dict[str, object]:
        """One configuration with these members, in the shape of `trial:` without ranges.

        A single member has nothing to share or to weigh: its sharing is the chain, its weighting equal,
        and their parameters are not asked for.
        """
        names = tuple(sorted(members))
        options = {key: node.sample(trial, key, names) for key, node in self._options_for(names)}
        n_stages = stages_of(options["trunk"])
        if len(names) > 1:
            sampled = self.sharing.sample(trial, names, n_stages, self.n_stages)
            sharing: object = str(sampled) if isinstance(sampled, Branching) else sampled
        else:
            sharing = str(Branching.shared(names, n_stages))
            options["weighting"] = dict(_SINGLE)
        return {"members": names, "sharing": sharing, **options}

    def starts(self, members: tuple[str, ...]) -> tuple[dict[str, Scalar], ...]:
        """Parameters of the ways of sharing that these members should be trained with first, if any."""
        return tuple(self.sharing.starts(members, self.n_stages)) if len(members) > 1 else ()

    def largest(self, key: str, default: int) -> int:
        """The largest whole number that the option ``key`` may be, ``default`` if it is not given."""
        node = self.options.get(key, Constant(default))
        given = node.value if isinstance(node, Constant) else None
        values = node.range.probes if isinstance(node, Leaf) else (given,)
        return max((value for value in values if isinstance(value, int)), default=default)

    def count_networks(self) -> int:
        """An upper bound on the number of networks that differ in members or sharing."""
        sizes = range(self.members.min, self.members.max + 1)
        n_tasks = len(self.members.tasks)
        return sum(comb(n_tasks, size) * self.sharing.count(size, self.n_stages) for size in sizes)

    def ends(self) -> Iterator[dict[str, object]]:
        """Configurations that have each range at each of its ends, each alternative and each choice once."""
        shared = replace(self, sharing=Shared())  # trees are valid as made, and slow for many tasks
        for members in dict.fromkeys((self.members.tasks, self.members.tasks[:1])):
            for values in _probes(shared.parameters(members)):
                yield shared.sample(FixedSuggest(values), members)
        of_sharing = tuple(self.sharing.parameters(self.members.tasks, self.n_stages))
        for values in (
            *_farthest(of_sharing),
            *_probes(p for p in of_sharing if not is_of_branching(p.name)),
        ):
            yield self.sample(FixedSuggest(values), self.members.tasks)

    def origin(self, config: Mapping[str, object], path: Path) -> Path:
        """Where in the document what is at ``path`` of ``config``, a sample, comes from."""
        if not path:
            return self.root
        key = str(path[0])
        place = self.places.get(key, (*self.root, key))
        if key == "sharing":
            return self.sharing.locate(place, config[key], path[1:])
        return locate(self.options[key], place, config[key], path[1:]) if key in self.options else place

    def _options_for(self, members: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
        return ((key, node) for key, node in self.options.items() if key != "weighting" or len(members) > 1)

    def _check(self) -> None:
        """SpecError if parts do not fit each other, or an end of a range is no valid configuration."""
        document, validate, model = self.source.document, self.source.validate, self.source.model
        self._check_fit(document)
        uses = Counter(parameter.name for parameter in self.parameters())
        if twice := [name for name, times in uses.items() if times > 1]:
            raise document.error(self.root, "parameters of different names", f"{twice[0]!r} more than once")
        for config in self.ends():
            try:
                validate(config)
            except ValidationError as error:
                origin = partial(self.origin, config)
                refused = spec_error(error, document, self.root, value=config, origin=origin, model=model)
                raise refused from None
            except ValueError as error:
                raise document.error(self.root, "a valid trial", str(error)) from None

    def _check_fit(self, document: Document) -> None:
        place = self.places.get("sharing", self.root)
        try:
            self.sharing.check(self.members.tasks, self.stages)
            for key, option in self.options.items():
                for place, node in walk(option, self.places[key]):  # noqa: B007  # where the error is
                    if isinstance(node, PerTask):
                        node.check_covers(self.members.tasks)
        except Mismatch as wrong:
            raise wrong.at(document.place(place)) from None


def _probes(parameters: Iterable[Parameter]) -> Iterator[dict[str, Scalar]]:
    yield {}
    for parameter in parameters:
        for value in parameter.range.probes:
            yield {**dict(parameter.conditions), parameter.name: value}


def _farthest(parameters: Iterable[Parameter]) -> Iterator[dict[str, Scalar]]:
    """The parameters of branchings, all at their high ends: one by one there would be too many."""
    found: dict[tuple[tuple[str, Scalar], ...], dict[str, Scalar]] = {}
    for parameter in parameters:
        if is_of_branching(parameter.name):
            values = found.setdefault(parameter.conditions, dict(parameter.conditions))
            values[parameter.name] = parameter.range.probes[1 if len(parameter.range.probes) > 1 else 0]
    yield from found.values()
