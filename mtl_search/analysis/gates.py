"""What the tasks of a network take from its experts, level by level."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mtl_search.analysis.frames import rows_of

__all__ = ["GateLevel", "gate_levels"]


@dataclass(frozen=True, slots=True)
class GateLevel:
    """The experts of a level in order, and the mean weight of each by task; a task may know only some."""

    experts: tuple[str, ...]
    weights: Mapping[str, Mapping[str, float]]

    def owner(self, expert: str) -> str | None:
        """The task that an expert is of alone; it is called by that task's name, with a number or without.

        >>> GateLevel((), {"age": {}}).owner("age 2"), GateLevel((), {"age": {}}).owner("shared 1")
        ('age', None)
        """
        return next((name for name in (expert, expert.rpartition(" ")[0]) if name in self.weights), None)

    @property
    def is_stitch(self) -> bool:
        """Whether what is mixed are the features of the tasks themselves (a cross-stitch)."""
        return set(self.experts) <= self.weights.keys()

    @property
    def shared(self) -> list[str]:
        """The experts that are of no task alone."""
        return [expert for expert in self.experts if self.owner(expert) is None]

    def own(self, task: str) -> list[str]:
        """The experts of one task alone."""
        return [expert for expert in self.experts if self.owner(expert) == task]


def gate_levels(gates: pd.DataFrame, trial: Mapping[str, Any]) -> tuple[GateLevel, ...]:
    """The levels of a trial's network, in order; none of a network without experts.

    Those of a trial that was answered from an equal one are recorded with that one.
    """
    of_it = gates[gates["trial_id"] == (trial["duplicate_of"] or trial["trial_id"])]
    levels = []
    for _, rows in of_it.groupby("level"):
        weights: dict[str, dict[str, float]] = {}
        for row in rows_of(rows):
            weights.setdefault(row["task"], {})[row["expert"]] = row["weight"]
        levels.append(GateLevel(tuple(dict.fromkeys(rows["expert"])), weights))
    return tuple(levels)
