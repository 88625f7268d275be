"""Designs and what the confirmation showed of them as table rows, and back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import pyarrow as pa

from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import DesignRecord, Difference, SummaryRecord, TaskResult

__all__ = ["design_rows", "summary_rows", "summary_task_rows", "to_designs", "to_summary"]

# The columns of a difference are its fields behind its name; that of a part of the gain is the name itself.
_DIFFERENCES = {
    "vs_single_task": "vs_single_task_difference",
    "vs_reference": "vs_reference_difference",
    "vs_trees": "vs_trees_difference",
    "gain_of_tuning": "gain_of_tuning",
    "gain_of_sharing": "gain_of_sharing",
    "over_recommended": "over_recommended",
}
_RESULT = tuple(field.name for field in fields(TaskResult))


def design_rows(designs: Sequence[DesignRecord]) -> pa.Table:
    """The rows of ``designs``."""
    return pa.Table.from_pylist([_flat(asdict(one)) for one in designs], schema=SCHEMAS["designs"])


def summary_rows(summary: Sequence[SummaryRecord]) -> pa.Table:
    """The rows of ``summary``; a difference has a column for each of its fields."""
    rows = []
    for one in summary:
        row = asdict(one)
        del row["tasks"]
        for name in _DIFFERENCES:
            row |= {_column(name, field): value for field, value in row.pop(name).items()}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMAS["summary"])


def summary_task_rows(summary: Sequence[SummaryRecord], defaults: Mapping[str, str]) -> pa.Table:
    """The rows of ``summary_tasks``; ``defaults`` are the default metrics by task."""
    rows = [
        {"design_id": one.design_id, "arm": one.arm, "chosen": one.chosen}
        | {"metric": defaults.get(task.task), **asdict(task)}
        for one in summary
        for task in one.tasks
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["summary_tasks"])


def to_designs(designs: pa.Table) -> list[DesignRecord]:
    """The rows of ``designs`` as records."""
    return [DesignRecord(**_known(row)) for row in designs.to_pylist(maps_as_pydicts="strict")]


def to_summary(summary: pa.Table, tasks: pa.Table) -> list[SummaryRecord]:
    """The rows of ``summary`` as records, with those of ``summary_tasks`` that are theirs."""
    results: dict[str, list[TaskResult]] = defaultdict(list)
    for row in tasks.to_pylist():
        results[row["design_id"]].append(TaskResult(**{name: row[name] for name in _RESULT}))
    found = []
    for row in summary.to_pylist():
        for name in _DIFFERENCES:
            columns = {field.name: _column(name, field.name) for field in fields(Difference)}
            row[name] = Difference(**{field: row.pop(of) for field, of in columns.items() if of in row})
        row["tasks"] = results[row["design_id"]]
        found.append(SummaryRecord(**_known(row)))
    return found


def _column(name: str, field: str) -> str:
    return _DIFFERENCES[name] if field == "difference" else f"{name}_{field}"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` as pyarrow takes it: a mapping as pairs."""
    return {name: list(value.items()) if isinstance(value, Mapping) else value for name, value in row.items()}


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` as fields of a record: lists are tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
