"""Which tasks a network may have as members."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import final

from mtl_search.errors import Mismatch, nearest
from mtl_search.seeds import derive_seed
from mtl_search.space.document import Document
from mtl_search.space.parameter import Categorical, Parameter
from mtl_search.space.reading import check_keys
from mtl_search.space.suggest import Suggest
from mtl_search.space.wording import Path, show

__all__ = ["MembersRange", "read_members"]

_IN_OR_OUT = Categorical((False, True))


@final
@dataclass(frozen=True, slots=True)
class MembersRange:
    """The sets of ``min`` to ``max`` of these tasks; with both equal to their number, that one set.

    >>> MembersRange(("cost", "age", "dnr"), 1, 2).count
    6
    """

    tasks: tuple[str, ...]
    min: int
    max: int

    def __post_init__(self) -> None:
        if not 1 <= self.min <= self.max <= len(self.tasks):
            expected = f"1 <= min <= max <= {len(self.tasks)} (the number of tasks)"
            raise Mismatch(expected, f"min {self.min} and max {self.max}")
        object.__setattr__(self, "tasks", tuple(sorted(self.tasks)))

    @property
    def is_fixed(self) -> bool:
        """Whether there is only one set."""
        return self.min == len(self.tasks)

    @property
    def count(self) -> int:
        """How many sets there are."""
        return sum(math.comb(len(self.tasks), size) for size in range(self.min, self.max + 1))

    def parameters(self) -> Iterator[Parameter]:
        """One boolean per task, or none if there is only one set."""
        if not self.is_fixed:
            for task in self.tasks:
                yield Parameter(f"members.{task}", _IN_OR_OUT)

    def suggest(self, trial: Suggest) -> tuple[str, ...]:
        """The set that the trial's booleans say, repaired to ``min`` to ``max`` members.

        Which tasks go or come then depends on the booleans alone, by a hash that favours no task.
        """
        if self.is_fixed:
            return self.tasks
        drawn = [task for task in self.tasks if _IN_OR_OUT.ask(trial, f"members.{task}")]
        rest = [task for task in self.tasks if task not in drawn]
        mark = " ".join(drawn)

        def order(task: str) -> tuple[int, str]:
            return derive_seed(mark, task), task

        kept = sorted(drawn, key=order)[: self.max]
        added = sorted(rest, key=order)[: max(self.min - len(kept), 0)]
        return tuple(sorted(kept + added))

    def fix(self, members: Iterable[str]) -> dict[str, bool]:
        """The parameters with which ``suggest`` gives these members; ValueError if none do."""
        wanted = frozenset(members)
        if not wanted <= set(self.tasks) or not self.min <= len(wanted) <= self.max:
            raise ValueError(f"members: expected {self}, found {', '.join(sorted(wanted))}")
        return {} if self.is_fixed else {f"members.{task}": task in wanted for task in self.tasks}

    def __str__(self) -> str:
        if self.is_fixed:
            return ", ".join(self.tasks)
        return f"{self.min} to {self.max} of {', '.join(self.tasks)}"


def read_members(value: object, path: Path, document: Document, tasks: tuple[str, ...]) -> MembersRange:
    """The range that ``value`` describes: `all`, a list of tasks, or `{subset: {min, max}}`."""
    try:
        if value == "all":
            return MembersRange(tasks, len(tasks), len(tasks))
        if isinstance(value, list):
            return _listed(value, path, document, tasks)
        if isinstance(value, Mapping) and "subset" in value:
            check_keys(value, "subset")
            return _subset(value["subset"], tasks)
        raise Mismatch("all, a list of tasks or {subset: {min, max}}", show(value))
    except Mismatch as wrong:
        raise wrong.at(document.place(path)) from None


def _listed(value: list[object], path: Path, document: Document, tasks: tuple[str, ...]) -> MembersRange:
    for index, task in enumerate(value):
        if task not in tasks:
            hint = nearest(str(task), tasks)
            raise document.error((*path, index), "a task", show(task), hint)
        if task in value[:index]:
            raise document.error((*path, index), "each task once", f"{task!r} more than once")
    if not value:
        raise Mismatch("at least one task", "none")
    listed = tuple(str(task) for task in value)
    return MembersRange(listed, len(listed), len(listed))


def _subset(value: object, tasks: tuple[str, ...]) -> MembersRange:
    if not isinstance(value, Mapping):
        raise Mismatch("{subset: {min, max}}", show({"subset": value}))
    for key, size in value.items():
        if key not in ("min", "max"):
            raise Mismatch("'min' and 'max' in subset", repr(key), nearest(key, ("min", "max")))
        if not isinstance(size, int) or isinstance(size, bool):
            raise Mismatch(f"a whole number as {key}", show(size))
    return MembersRange(tasks, value.get("min", 1), value.get("max", len(tasks)))
