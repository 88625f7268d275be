"""How the members of a network may share its trunk."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import final

from typing_extensions import override

from mtl_search.design import Branching, close_cuts, count_branchings
from mtl_search.errors import Mismatch
from mtl_search.space.parameter import Categorical, IntRange, Parameter
from mtl_search.space.suggest import Scalar, Suggest
from mtl_search.space.wording import Path, show

__all__ = ["Choice", "Literal", "Members", "Shared", "SharingRange", "Split", "Tree"]

Members = tuple[str, ...]


class SharingRange(ABC):
    """Gives a way of sharing for at least two members and the number of stages of a trial.

    ``max_stages`` is the largest number of stages in the space: ranges reach up to it in every trial, so
    that a parameter never changes its range; a cut behind the trial's own last stage is one at its end.

    Parameters are named by their place, ``sharing``; those that make a branching ``is_of_branching`` knows.
    """

    __slots__ = ()

    @abstractmethod
    def sample(
        self, trial: Suggest, members: Members, n_stages: int, max_stages: int
    ) -> Branching | Mapping[str, object]:
        """The branching that the trial says, or a mapping with the name of another way of sharing."""

    @abstractmethod
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        """What ``sample`` asks for."""

    @abstractmethod
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        """Mismatch if it does not fit ``tasks``, the possible members, or the possible ``stages``."""

    @abstractmethod
    def count(self, n_members: int, n_stages: int) -> int:
        """An upper bound on the number of ways for ``n_members``."""

    def starts(self, members: Members, max_stages: int) -> Iterator[dict[str, Scalar]]:
        """The parameters that the first trainings of ``members`` should have; by default any."""
        return iter(())

    def locate(self, path: Path, value: object, rest: Path) -> Path:
        """The place in the document of what is at ``rest`` within a sample; ``path`` is where this stands."""
        return path


@final
@dataclass(frozen=True, slots=True)
class Shared(SharingRange):
    """All stages shared."""

    @override
    def sample(self, trial: Suggest, members: Members, n_stages: int, max_stages: int) -> Branching:
        return Branching.shared(members, n_stages)

    @override
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        return iter(())

    @override
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        pass

    @override
    def count(self, n_members: int, n_stages: int) -> int:
        return 1


@final
@dataclass(frozen=True, slots=True)
class Split(SharingRange):
    """One common cut: the parameter ``sharing.split``, or none if it is given."""

    at: int | IntRange | Categorical

    @override
    def sample(self, trial: Suggest, members: Members, n_stages: int, max_stages: int) -> Branching:
        at = self.at if isinstance(self.at, int) else self.at.ask(trial, "sharing.split")
        assert isinstance(at, int)  # checked for the choices
        return Branching.split(members, n_stages, min(at, n_stages))

    @override
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        if not isinstance(self.at, int):
            yield Parameter("sharing.split", self.at)

    @override
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        for at in (self.at,) if isinstance(self.at, int) else self.at.probes:
            if not isinstance(at, int) or isinstance(at, bool) or not 1 <= at <= max(stages):
                raise Mismatch(f"a split point from 1 to {max(stages)} (the number of stages)", show(at))

    @override
    def count(self, n_members: int, n_stages: int) -> int:
        return 1 if n_members == 1 or isinstance(self.at, int) else self.at.count


@final
@dataclass(frozen=True, slots=True)
class Tree(SharingRange):
    """Any tree: one integer per pair of members, closed to the nearest tree by average linkage.

    There are so many trees that chance hardly meets the plain ones, in which all members part together: the
    first trainings of each member set have these (``starts``), and a search improves on them. So it takes
    more trainings of a set than it has split points before a tree is more than a split.
    """

    @override
    def sample(self, trial: Suggest, members: Members, n_stages: int, max_stages: int) -> Branching:
        cuts = {
            pair: min(span.ask(trial, _cut_name(pair)), n_stages)
            for span in _cut_range(max_stages)
            for pair in combinations(members, 2)
        }
        return close_cuts(cuts, members, n_stages) if cuts else Branching.shared(members, n_stages)

    @override
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        for span in _cut_range(max_stages):
            for pair in combinations(members, 2):
                yield Parameter(_cut_name(pair), span)

    @override
    def starts(self, members: Members, max_stages: int) -> Iterator[dict[str, Scalar]]:
        """The parameters of all trees whose cuts are alike, everything shared first."""
        for at in range(max_stages, 0, -1) if max_stages > 1 else ():
            yield {parameter.name: at for parameter in self.parameters(members, max_stages)}

    @override
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        pass

    @override
    def count(self, n_members: int, n_stages: int) -> int:
        return count_branchings(n_members, n_stages)


@final
@dataclass(frozen=True, slots=True)
class Literal(SharingRange):
    """One branching, of which a network gets what its members have."""

    branching: Branching

    @override
    def sample(self, trial: Suggest, members: Members, n_stages: int, max_stages: int) -> Branching:
        return self.branching.restrict(members)

    @override
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        return iter(())

    @override
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        if missing := sorted(set(tasks) - set(self.branching.members)):
            found = f"one without {', '.join(missing)}"
            raise Mismatch("a branching of all tasks that can be members", found)
        if stages != {self.branching.n_stages}:
            wanted = " or ".join(map(str, sorted(stages)))
            expected = f"a branching of {wanted} stages (the number of stages of the trunk)"
            raise Mismatch(expected, f"{str(self.branching)!r} of {self.branching.n_stages}")

    @override
    def count(self, n_members: int, n_stages: int) -> int:
        return 1


@final
@dataclass(frozen=True, slots=True)
class Choice(SharingRange):
    """One of a few, by their text: the parameter ``sharing``."""

    choices: Mapping[str, Shared | Literal]

    @override
    def sample(self, trial: Suggest, members: Members, n_stages: int, max_stages: int) -> Branching:
        text = Categorical(tuple(self.choices)).ask(trial, "sharing")
        return self.choices[str(text)].sample(trial, members, n_stages, max_stages)

    @override
    def parameters(self, members: Members, max_stages: int) -> Iterator[Parameter]:
        yield Parameter("sharing", Categorical(tuple(self.choices)))

    @override
    def check(self, tasks: Members, stages: frozenset[int]) -> None:
        for choice in self.choices.values():
            choice.check(tasks, stages)

    @override
    def count(self, n_members: int, n_stages: int) -> int:
        return 1 if n_members == 1 else len(self.choices)


def _cut_name(pair: tuple[str, str]) -> str:
    return f"sharing.cut.{pair[0]}+{pair[1]}"


def _cut_range(max_stages: int) -> Iterator[IntRange]:
    if max_stages > 1:  # else the first stage is all there is, and shared
        yield IntRange(1, max_stages)
