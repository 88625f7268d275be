"""The sets of tasks that a search may train together."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

__all__ = ["MemberSpace", "Members"]

Members = tuple[str, ...]  # sorted by name
LISTABLE = 1 << 16  # the most sets of a space that is listed and kept; larger ones are drawn from


@final
@dataclass(frozen=True)
class MemberSpace:
    """The sets that a search may train: ``min_members`` to ``max_members`` tasks, at least one of them main.

    ``only``: nothing but these sets, if not all can be trained (those of a published table, say).

    >>> space = MemberSpace(("age", "cost"), auxiliary=("dnr",))
    >>> space.count, list(space.sets())[:3]
    (6, [('age',), ('cost',), ('age', 'cost')])
    """

    main: Members
    auxiliary: Members = ()
    min_members: int = 1
    max_members: int | None = None
    only: tuple[Members, ...] | None = None

    def __post_init__(self) -> None:
        if not self.main or len(set(self.tasks)) < len(self.main) + len(self.auxiliary):
            found = self.main + self.auxiliary
            raise ValueError(f"expected distinct tasks, at least one of them main, found {found}")
        if not 1 <= self.min_members <= self.largest <= len(self.tasks):
            raise ValueError(
                f"expected 1 <= min_members <= max_members <= {len(self.tasks)}, "
                f"found {self.min_members} and {self.max_members}"
            )
        if self.only is not None:
            only = sorted({tuple(sorted(members)) for members in self.only}, key=lambda m: (len(m), m))
            object.__setattr__(self, "only", tuple(only))
            if not only or (outside := [members for members in only if not self._fits(members)]):
                raise ValueError(f"expected sets within the space, found {outside[:3] if only else 'none'}")

    @cached_property
    def tasks(self) -> Members:
        """All tasks, sorted by name."""
        return tuple(sorted(self.main + self.auxiliary))

    @property
    def largest(self) -> int:
        """The most members a set may have."""
        return len(self.tasks) if self.max_members is None else self.max_members

    @cached_property
    def count(self) -> int:
        """How many sets there are."""
        if self.only is not None:
            return len(self.only)
        n, n_auxiliary = len(self.tasks), len(self.auxiliary)
        return sum(math.comb(n, size) - math.comb(n_auxiliary, size) for size in self.sizes)

    @property
    def sizes(self) -> range:
        """The numbers of members that a set may have."""
        return range(self.min_members, self.largest + 1)

    def __contains__(self, members: Members) -> bool:
        return members in self._only if self.only is not None else self._fits(members)

    def sets(self) -> Iterator[Members]:
        """Every set once, small ones first, then by name. Lazy: there may be a billion."""
        if self.only is not None:
            yield from self.only
            return
        main = set(self.main)
        for size in self.sizes:
            yield from (m for m in itertools.combinations(self.tasks, size) if not main.isdisjoint(m))

    def listed(self) -> tuple[Members, ...] | None:
        """Every set, or None if there are too many to list."""
        return self._listed

    def draw(self, rng: np.random.Generator) -> Members:
        """A set, all equally likely."""
        if self._listed is not None:
            return self._listed[rng.integers(len(self._listed))]
        ways = np.array([math.comb(len(self.tasks), size) for size in self.sizes], dtype=float)
        main = set(self.main)
        while True:
            size = int(rng.choice(self.sizes, p=ways / ways.sum()))
            members = tuple(self.tasks[i] for i in sorted(rng.choice(len(self.tasks), size, replace=False)))
            if not main.isdisjoint(members):
                return members

    @cached_property
    def _listed(self) -> tuple[Members, ...] | None:
        return tuple(self.sets()) if self.only is not None or self.count <= LISTABLE else None

    @cached_property
    def _only(self) -> frozenset[Members]:
        return frozenset(self.only or ())

    def _fits(self, members: Members) -> bool:
        return (
            self.min_members <= len(members) <= self.largest
            and list(members) == sorted(set(members))
            and set(members) <= set(self.tasks)
            and not set(self.main).isdisjoint(members)
        )
