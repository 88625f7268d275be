"""What a Dataset holds, for people."""

from collections.abc import Mapping
from dataclasses import dataclass

from mtl_search.records import Role, Split

__all__ = ["DataSummary", "TaskSummary"]


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """One task: ``labelled`` rows per split, ``labels`` says what those of train look like."""

    name: str
    kind: str
    role: Role
    metric: str
    labelled: Mapping[Split, int]
    labels: str


@dataclass(frozen=True, slots=True)
class DataSummary:
    """Rows per split, inputs by type and the tasks."""

    name: str
    fingerprint: str
    rows: Mapping[Split, int]
    numeric: tuple[str, ...]
    missing_indicators: tuple[str, ...]
    categorical: Mapping[str, int]
    """How many levels each column has in train."""
    tasks: tuple[TaskSummary, ...]
    warnings: tuple[str, ...]
