"""The tasks of a sweep, as its tables have them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import MetricKind, Role

__all__ = ["TaskInfo", "task_rows"]


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """What a reader of the tables must know of a task.

    ``weight``: how much it counts in delta_m; ``test_rows``: a fingerprint of its test labels, if known.
    """

    name: str
    kind: str
    role: Role
    metric: MetricKind
    weight: float = 1.0
    test_rows: str = ""


def task_rows(tasks: Sequence[TaskInfo]) -> pa.Table:
    """``tasks`` as rows of the table, sorted by name; without references, which come with the search."""
    rows = [
        {
            "task": task.name,
            "kind": task.kind,
            "role": task.role.value,
            "metric": task.metric.name,
            "higher_is_better": task.metric.higher_is_better,
            "floor": task.metric.floor,
            "reference": float("nan"),
            "weight": task.weight,
            "test_rows": task.test_rows or None,
        }
        for task in sorted(tasks, key=lambda task: task.name)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["tasks"])
