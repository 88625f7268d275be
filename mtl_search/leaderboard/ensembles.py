"""The table of ensembles: what the trainings of a network on several seeds reach together on test."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from mtl_search.leaderboard.column import FLAG, REAL, TEXT, column, table_schema

__all__ = ["ENSEMBLES", "Ensemble", "ensemble_rows", "to_ensembles"]

ENSEMBLES = table_schema(
    "ensembles",
    "confirmed network, its trainings on all seeds together x main task that it serves x metric",
    column("config_id", TEXT, "the network, as in trials"),
    column("seeds", pa.list_(pa.int64()), "the seeds whose trainings predict together"),
    column("task", TEXT, "main task"),
    column("metric", TEXT, "name of the metric"),
    column("is_default", FLAG, "whether it is the task's default metric, which gains are measured in"),
    column("value", REAL, "value on test of the mean of their predictions", "of the metric"),
    column(
        "left_out",
        pa.list_(REAL),
        "of the default metric: its value without each group of test units in turn, as in resamples",
        "of the metric",
    ),
)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What the trainings of one configuration on ``seeds`` reach together for a task.

    ``values`` has every metric on test of the mean of their predictions, ``left_out`` the default one without
    each group of units in turn (as `Resample`).
    """

    config_id: str
    seeds: tuple[int, ...]
    task: str
    values: Mapping[str, float]
    left_out: tuple[float, ...]


def ensemble_rows(ensembles: Sequence[Ensemble], defaults: Mapping[str, str]) -> pa.Table:
    """The rows of ``ensembles``, one a metric; ``defaults`` are the default metrics by task."""
    rows = [
        {
            "config_id": one.config_id,
            "seeds": list(one.seeds),
            "task": one.task,
            "metric": metric,
            "is_default": metric == defaults.get(one.task),
            "value": value,
            "left_out": _known(one.left_out) if metric == defaults.get(one.task) else None,
        }
        for one in ensembles
        for metric, value in one.values.items()
    ]
    return pa.Table.from_pylist(rows, schema=ENSEMBLES)


def to_ensembles(rows: pa.Table) -> list[Ensemble]:
    """The rows of ``ensembles`` as values."""
    values: dict[tuple[str, tuple[int, ...], str], dict[str, float]] = {}
    left_out: dict[tuple[str, tuple[int, ...], str], tuple[float, ...]] = {}
    for row in rows.to_pylist():
        key = row["config_id"], tuple(row["seeds"]), row["task"]
        values.setdefault(key, {})[row["metric"]] = row["value"]
        if row["is_default"]:
            left_out[key] = tuple(math.nan if value is None else value for value in row["left_out"])
    return [Ensemble(*key, named, left_out.get(key, ())) for key, named in values.items()]


def _known(values: Sequence[float]) -> list[float | None]:
    """As they stand in a file, where a list's numbers too are null if they are not known."""
    return [value if math.isfinite(value) else None for value in values]
