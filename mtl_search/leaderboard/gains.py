"""Gains filled in over the final references, when a sweep knows its best single-task values."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import MetricKind, Role, Split, mean_gain

__all__ = ["fill_gains", "fill_mean_gains", "fill_references"]


def fill_references(tasks: pa.Table, references: Mapping[str, float]) -> pa.Table:
    """``tasks`` with the reference of each task, NaN for those that have none."""
    values = [references.get(task, np.nan) for task in tasks["task"].to_pylist()]
    return _with_column(tasks, "tasks", "reference", values)


def fill_gains(metrics: pa.Table, tasks: pa.Table) -> pa.Table:
    """``metrics`` with the gain of every valid value of a default metric; other gains stay as they are."""
    gains = metrics["gain"].to_numpy().copy()
    values = metrics["value"].to_numpy()
    valid = _equal(metrics["split"], Split.VALID.value)
    for task in tasks.to_pylist():
        metric = MetricKind(task["metric"], task["higher_is_better"], task["floor"])
        rows = valid & _equal(metrics["task"], task["task"]) & _equal(metrics["metric"], metric.name)
        gains[rows] = [metric.gain(value, task["reference"]) for value in values[rows]]
    return _with_column(metrics, "metrics", "gain", gains)


def fill_mean_gains(trials: pa.Table, metrics: pa.Table, tasks: pa.Table) -> pa.Table:
    """``trials`` with the mean gain over main members, from ``metrics`` whose gains are filled."""
    main = [task for task in tasks.to_pylist() if task["role"] == Role.MAIN.value]
    defaults = {task["task"]: task["metric"] for task in main}
    weights = {task["task"]: task["weight"] for task in main}
    gains: dict[str, dict[str, float]] = defaultdict(dict)
    columns = (metrics[name].to_pylist() for name in ("trial_id", "task", "split", "metric", "gain"))
    for trial_id, task, split, metric, gain in zip(*columns, strict=True):
        if split == Split.VALID.value and defaults.get(task) == metric:
            gains[trial_id][task] = gain
    values = [mean_gain(gains.get(trial_id, {}), weights) for trial_id in trials["trial_id"].to_pylist()]
    return _with_column(trials, "trials", "mean_gain", values)


def _equal(column: pa.ChunkedArray, value: str) -> np.ndarray:
    """Where ``column`` equals ``value``."""
    equal: np.ndarray = column.to_numpy() == value
    return equal


def _with_column(rows: pa.Table, table: str, name: str, values: object) -> pa.Table:
    """``rows`` of ``table`` with column ``name`` set to ``values``."""
    field = SCHEMAS[table].field(name)
    return rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
