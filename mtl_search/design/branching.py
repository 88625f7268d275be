"""Which stages the members of one network share: a partition of the members per stage, so a tree."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtl_search.design.drawing import draw_tree
from mtl_search.design.names import check_task_name
from mtl_search.errors import Mismatch

__all__ = ["MOST_STAGES", "Branching", "read_stages"]

MOST_STAGES = 1000  # a search goes through all depths at which networks may part

Partition = tuple[tuple[str, ...], ...]


@final
@dataclass(frozen=True, slots=True)
class Branching:
    """A tree over the members of a network: at each stage, which of them go through one node together.

    ``stages`` is one partition of the members per stage, the first with all members together, each
    refining the one before. Any order is accepted; kept are tasks sorted by name, nodes by first task.
    Invalid partitions raise `Mismatch`.

    >>> tree = Branching.parse("age cost death / age | death cost / age | cost | death")
    >>> str(tree)
    'age cost death / age | cost death / age | cost | death'
    >>> tree.cut("cost", "death"), tree.cut("age", "death"), tree.n_nodes
    (2, 1, 6)
    >>> print(tree.draw())
    0   1   2
    ●─┬─●───●─── age
      └─●─┬─●─── cost
          └─●─── death
    """

    stages: tuple[Partition, ...]

    def __post_init__(self) -> None:
        stages = tuple(_normal(groups, f"stage {stage}") for stage, groups in enumerate(self.stages))
        if not stages:
            raise Mismatch("at least one stage", "none", about="branching")
        if len(stages[0]) != 1:
            raise Mismatch("all members together", repr(_text(stages[0])), about="stage 0")
        for stage in range(1, len(stages)):
            _check_refines(stages[stage], stages[stage - 1], stage)
        object.__setattr__(self, "stages", stages)

    @classmethod
    def parse(cls, text: str) -> "Branching":
        """The branching that ``text`` describes: ``/`` between stages, ``|`` between the nodes of a stage.

        Order and blanks are free, so ``str(Branching.parse(text))`` is the canonical form of ``text``.
        """
        try:
            return cls(read_stages(text))
        except Mismatch as wrong:
            raise wrong.within(f"branching {text!r}") from None

    @classmethod
    def sketch(cls, text: str, members: Iterable[str]) -> "Branching":
        """The branching that ``text`` describes; all in one node if it describes another way of sharing.

        >>> str(Branching.sketch("2 experts", ["cost", "age"]))
        'age cost'
        """
        names = tuple(members)
        stages = read_stages(text)
        is_tree = sorted(name for group in stages[0] for name in group) == sorted(names)
        return cls(stages) if is_tree else cls.shared(names, 1)

    @classmethod
    def split(cls, members: Iterable[str], n_stages: int, at: int) -> "Branching":
        """All members share the stages before ``at`` and none from there on; ``1 <= at <= n_stages``.

        >>> str(Branching.split(["cost", "age"], n_stages=3, at=2))
        'age cost / age cost / age | cost'
        """
        if not 1 <= at <= n_stages:
            raise ValueError(f"split point: expected 1 to {n_stages} (the number of stages), found {at}")
        names = tuple(members)
        return cls(((names,),) * at + (tuple((name,) for name in names),) * (n_stages - at))

    @classmethod
    def shared(cls, members: Iterable[str], n_stages: int) -> "Branching":
        """All members share every stage; only their heads differ."""
        return cls.split(members, n_stages, n_stages)

    @classmethod
    def from_cuts(cls, members: Sequence[str], n_stages: int, cuts_MM: ArrayLike) -> "Branching":
        """The branching with these cuts, rows and columns in the order of ``members``, the diagonal ignored.

        ValueError if the cuts are no tree: not symmetric, outside ``1 .. n_stages``, or with three
        members of which the two smallest cuts differ (``close_cuts`` makes a tree of any cuts).
        """
        cuts = np.array(cuts_MM)
        if cuts.shape != (len(members), len(members)):
            raise ValueError(f"cuts: expected {len(members)} rows and columns, found shape {cuts.shape}")
        np.fill_diagonal(cuts, n_stages)
        nodes = [
            [tuple(name for name, cut in zip(members, row, strict=True) if cut > stage) for row in cuts]
            for stage in range(n_stages)
        ]
        try:
            tree = cls(tuple(tuple(dict.fromkeys(groups)) for groups in nodes))
        except ValueError as error:
            raise ValueError(f"cuts: expected those of a tree, found {cuts.tolist()} ({error})") from None
        order = [tree.members.index(name) for name in members]
        if not np.array_equal(tree.cut_matrix()[np.ix_(order, order)], cuts):
            raise ValueError(f"cuts: expected 1 to {n_stages} in a symmetric matrix, found {cuts.tolist()}")
        return tree

    def __str__(self) -> str:
        return " / ".join(_text(groups) for groups in self.stages)

    @property
    def members(self) -> tuple[str, ...]:
        """The tasks of the network, sorted by name."""
        return self.stages[0][0]

    @property
    def n_stages(self) -> int:
        """The number of stages of the trunk."""
        return len(self.stages)

    @property
    def n_nodes(self) -> int:
        """How many copies of a stage the network holds, over all stages."""
        return sum(len(groups) for groups in self.stages)

    def nodes(self, stage: int) -> Partition:
        """The members of each node at ``stage``, nodes ordered by their first task."""
        return self.stages[stage]

    def node(self, stage: int, task: str) -> int:
        """The index, among ``nodes(stage)``, of the node that ``task`` goes through."""
        for index, group in enumerate(self.stages[stage]):
            if task in group:
                return index
        raise ValueError(f"branching {self}: expected one of its members, found {task!r}")

    def parent(self, stage: int, index: int) -> int:
        """The index, among ``nodes(stage - 1)``, of the node that feeds node ``index`` of ``stage``."""
        if stage < 1:
            raise ValueError(f"parent: expected a stage after 0, which the inputs feed, found {stage}")
        return self.node(stage - 1, self.stages[stage][index][0])

    def cut(self, a: str, b: str) -> int:
        """The first stage that ``a`` and ``b`` do not share, ``n_stages`` if only their heads differ."""
        return sum(self.node(stage, a) == self.node(stage, b) for stage in range(self.n_stages))

    def cut_matrix(self) -> NDArray[np.int64]:
        """The cut of each pair, members in order of name; ``n_stages`` on the diagonal."""
        stages = range(self.n_stages)
        node_SM = np.array([[self.node(stage, task) for task in self.members] for stage in stages])
        cuts_MM: NDArray[np.int64] = (node_SM[:, :, None] == node_SM[:, None, :]).sum(axis=0)
        return cuts_MM

    def restrict(self, members: Iterable[str]) -> "Branching":
        """The same tree with only these members, at least one of those it has."""
        kept = frozenset(members)
        if unknown := sorted(kept - set(self.members)):
            raise ValueError(f"restrict: expected members of {self}, found {unknown}")
        stages = ((tuple(t for t in group if t in kept) for group in groups) for groups in self.stages)
        return Branching(tuple(tuple(group for group in groups if group) for groups in stages))

    def draw(self, served: Collection[str] | None = None) -> str:
        """The tree in text: stage numbers above, a dot per node, one row per member.

        With ``served``, the other members, which only help in training, stand in parentheses.
        """
        plain = self.members if served is None else served
        return draw_tree(self.stages, {name: name if name in plain else f"({name})" for name in self.members})


def _text(groups: Partition) -> str:
    return " | ".join(" ".join(group) for group in groups)


def _normal(groups: Partition, place: str) -> Partition:
    """The partition with names sorted in each group and groups by first name, if it is one."""
    if not groups or not all(groups):
        raise Mismatch("a task in each group", repr(_text(groups)), about=place)
    names = [check_task_name(name) for group in groups for name in group]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Mismatch("each task once", f"{', '.join(twice)} more than once", about=place)
    return tuple(sorted(tuple(sorted(group)) for group in groups))


def _check_refines(finer: Partition, coarser: Partition, stage: int) -> None:
    group_of = {name: group for group in coarser for name in group}
    found = {name for group in finer for name in group}
    if found != set(group_of):
        wrong = sorted(found ^ set(group_of))
        raise Mismatch(
            "the members of stage 0", f"{', '.join(wrong)} in one of the two only", about=f"stage {stage}"
        )
    for group in finer:
        for name in group:
            if name not in group_of[group[0]]:
                expected = f"{group[0]} and {name} apart, as the stage before"
                raise Mismatch(expected, "them together", about=f"stage {stage}")


def read_stages(text: str) -> tuple[Partition, ...]:
    """The groups that the text of a branching names at each stage, whatever they are.

    >>> read_stages("age cost / age | cost")
    ((('age', 'cost'),), (('age',), ('cost',)))
    """
    return tuple(tuple(tuple(group.split()) for group in stage.split("|")) for stage in text.split("/"))
