"""Tables of measured subsets: searches for member sets are judged on them in milliseconds a training.

A table holds what every network of a set of tasks gained, so a search can be replayed without training
anything: each proposal is looked up. Searches see validation gains and choose by them; the test gain of what
they choose judges them.
"""

# R seeds, S sets, T tasks, C candidates (sets that were measured)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mtl_search.grouping.acquisition.facility import cover
from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.strategy import GroupingStrategy, Measurement
from mtl_search.records import Split
from mtl_search.seeds import random_stream

__all__ = ["SubsetTable", "mean_gains", "replay"]

Floats = npt.NDArray[np.float64]


@final
@dataclass(frozen=True)
class SubsetTable:
    """Gains in percent over the mean single task, for each seed, set and task; NaN if a task is no member.

    Every task must be there on its own. A search may propose the other sets of the table, and only those.

    >>> gains = {("a",): {"a": 0.0}, ("b",): {"b": 0.0}, ("a", "b"): {"a": 3.0, "b": -1.0}}
    >>> table = SubsetTable.from_gains("toy", gains)
    >>> table.judge([table.measurement(members, 0) for members in table.sets])
    1.5
    """

    name: str
    tasks: Members
    sets: tuple[Members, ...]
    valid_RST: Floats
    test_RST: Floats

    def __post_init__(self) -> None:
        alone = [task for task in self.tasks if (task,) not in self.index]
        if alone or list(self.tasks) != sorted(self.tasks):
            raise ValueError(f"{self.name}: expected sorted tasks, each also alone, found none of {alone}")

    @classmethod
    def from_gains(cls, name: str, gains: Mapping[Members, Mapping[str, float]]) -> "SubsetTable":
        """A table of one seed whose test gains are its validation gains."""
        tasks = tuple(sorted({task for members in gains for task in members}))
        gains_ST = np.array([[row.get(task, np.nan) for task in tasks] for row in gains.values()])
        return cls(name, tasks, tuple(gains), gains_ST[None], gains_ST[None])

    @classmethod
    def read(cls, path: Path) -> "SubsetTable":
        """A Parquet table with a row for each set (tasks joined by spaces), task and seed.

        Either ``valid`` and ``test`` with ``higher_is_better``, or ``valid_loss`` and ``test_loss`` as
        Standley et al. 2020 published them; without a column ``seed``, equal rows are trainings in turn.
        """
        frame = pd.read_parquet(path)
        frame["members"] = [tuple(sorted(text.split())) for text in frame["members"]]
        if "seed" not in frame:
            frame["seed"] = frame.groupby(["members", "task"]).cumcount()
        tasks = tuple(sorted(frame["task"].unique()))
        sets = tuple(sorted(frame["members"].unique(), key=lambda members: (len(members), members)))
        runs = sorted(frame["seed"].unique())
        sign_N = np.where(frame["higher_is_better"], 1, -1) if "higher_is_better" in frame else -1
        places = (
            frame["seed"].map(runs.index),
            frame["members"].map(sets.index),
            frame["task"].map(tasks.index),
        )
        gains = []
        for split in (Split.VALID, Split.TEST):
            values_RST = np.full((len(runs), len(sets), len(tasks)), np.nan)
            values_RST[places] = sign_N * frame[split if split in frame else f"{split}_loss"]
            alone = [sets.index((task,)) for task in tasks]
            alone_T = values_RST.mean(axis=0)[alone, np.arange(len(tasks))]
            gains.append(100 * (values_RST - alone_T) / np.abs(alone_T))
        return cls(path.stem, tasks, sets, *gains)

    @property
    def n_seeds(self) -> int:
        """How often each set was trained."""
        return len(self.valid_RST)

    @cached_property
    def index(self) -> dict[Members, int]:
        """Where each set stands."""
        return {members: place for place, members in enumerate(self.sets)}

    @cached_property
    def space(self) -> MemberSpace:
        """The sets that a search may train: all but the single tasks."""
        sets = tuple(members for members in self.sets if len(members) > 1)
        space = MemberSpace(self.tasks, min_members=2)
        return space if len(sets) == space.count else MemberSpace(self.tasks, min_members=2, only=sets)

    def measurement(self, members: Members, run: int) -> Measurement:
        """What training ``members`` shows on validation, in the given of its runs."""
        gains_T = self.valid_RST[run, self.index[members]]
        gains = zip(self.tasks, gains_T.tolist(), strict=True)
        return Measurement(members, {task: gain for task, gain in gains if task in members})

    def judge(self, measured: Sequence[Measurement], max_networks: int | None = None) -> float:
        """Mean test gain of the best design of what was measured, chosen by mean validation gains.

        NaN if no ``max_networks`` of the sets serve all tasks.
        """
        sets, seen_CT = mean_gains(measured, self.tasks)
        chosen = cover(seen_CT, max_networks or len(self.tasks))
        seen_KT = np.where(np.isnan(seen_CT[chosen]), -np.inf, seen_CT[chosen])
        if not chosen or np.isneginf(seen_KT.max(axis=0)).any():
            return float("nan")
        test_KT = self.test_RST.mean(axis=0)[[self.index[sets[c]] for c in chosen]]
        return float(test_KT[seen_KT.argmax(axis=0), np.arange(len(self.tasks))].mean())


def mean_gains(measured: Sequence[Measurement], tasks: Members) -> tuple[list[Members], Floats]:
    """The distinct sets that were measured, and the mean gain of each task in each; NaN if undefined."""
    by_set: dict[Members, list[list[float]]] = {}
    for one in measured:
        by_set.setdefault(one.members, []).append([one.gains.get(task, np.nan) for task in tasks])
    return list(by_set), np.array([np.mean(rows, axis=0) for rows in by_set.values()])


def replay(
    table: SubsetTable, strategy: GroupingStrategy, budget: int, *, seed: int, slots: int = 1
) -> list[Measurement]:
    """The single tasks, then ``budget`` trainings that ``strategy`` proposes, ``slots`` of them side by side.

    ``seed`` decides in which order the runs of a set are met; after the last the first comes again.
    """
    runs_SR = np.tile(np.arange(table.n_seeds), (len(table.sets), 1))
    order_SR = random_stream(seed).permuted(runs_SR, axis=1)
    times_S = np.zeros(len(table.sets), dtype=int)

    def train(members: Members) -> Measurement:
        row = table.index[members]
        run = order_SR[row, times_S[row] % table.n_seeds]
        times_S[row] += 1
        return table.measurement(members, run)

    measured = [train((task,)) for task in table.tasks]
    running: list[Members] = []
    while len(measured) < len(table.tasks) + budget:
        while len(running) < slots and len(measured) + len(running) < len(table.tasks) + budget:
            running.append(strategy.propose(measured, running).members)
        measured.append(train(running.pop(0)))
    return measured
