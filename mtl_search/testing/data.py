"""Small tables and Datasets with every kind of input and task, made in milliseconds."""

# N rows

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter

from mtl_search.data import Dataset, DataSpec, SplitSpec, dataset_from_table
from mtl_search.tasks import TaskConfig

__all__ = ["TINY_TASKS", "task_configs", "tiny_dataset", "tiny_table"]

TINY_TASKS: Mapping[str, str] = {
    "ill": "binary",
    "stage": "multiclass",
    "topics": "multilabel",
    "cost": "regression",
}


def task_configs(tasks: Mapping[str, object]) -> dict[str, TaskConfig]:
    """Task options as a sweep file writes them, checked.

    >>> task_configs({"cost": "regression"})["cost"].metric
    'rmse'
    """
    return TypeAdapter(dict[str, TaskConfig]).validate_python(dict(tasks))


def tiny_table(rows: int = 200, seed: int = 0, *, missing: float = 0.1) -> pa.Table:
    """A table whose tasks can be learned from its inputs.

    Inputs: ``age``, ``pressure`` (numbers, the second with nulls), ``smoker`` (boolean), ``ward``
    (dictionary) and ``code`` (string with nulls). One task of each kind, see ``TINY_TASKS``, each without a
    label in a share ``missing`` of the rows. ``patient`` groups about four rows.

    >>> tiny_table(3, missing=0.0)["stage"].type
    DataType(string)
    """
    random = np.random.default_rng(seed)
    hidden_N, age_N = random.normal(size=rows), random.normal(50, 15, rows).round(1)
    pressure_N = 120 + 10 * hidden_N + random.normal(0, 3, rows)
    ward_N = random.integers(0, 4, rows)
    score_N = hidden_N + (age_N - 50) / 15 + ward_N / 2
    stage_N = np.digitize(score_N, [0.0, 1.5]) + 0.0
    noisy_N = ward_N + random.normal(0, 0.7, rows)
    flags = np.stack([score_N > 0.5, hidden_N > 0, noisy_N > 1.5], axis=1)
    topics = [[name for name, so in zip("abc", row, strict=True) if so] for row in flags]

    def holes(share: float = missing) -> NDArray[np.bool_]:
        return random.random(rows) < share

    return pa.table(
        {
            "age": pa.array(age_N),
            "pressure": pa.array(pressure_N, mask=holes(0.2)),
            "smoker": pa.array(random.random(rows) < 0.4),
            "ward": pa.array(np.array(["north", "east", "south", "west"])[ward_N]).dictionary_encode(),
            "code": pa.array(np.array(["x", "y", "z"])[random.integers(0, 3, rows)], mask=holes(0.2)),
            "patient": pa.array(random.integers(0, max(rows // 4, 1), rows)),
            "ill": pa.array((score_N + random.normal(0, 0.5, rows) > 0.7).astype(float), mask=holes()),
            "stage": pa.array(np.array(["i", "ii", "iii"])[stage_N.astype(int)], mask=holes()),
            "topics": pa.array(topics, pa.list_(pa.string()), mask=holes()),
            "cost": pa.array(1000 + 200 * score_N + random.normal(0, 20, rows), mask=holes()),
        }
    )


def tiny_dataset(
    rows: int = 200, seed: int = 0, *, missing: float = 0.1, tasks: Mapping[str, object] = TINY_TASKS
) -> Dataset:
    """The Dataset of ``tiny_table`` with these tasks, about half of its rows in train.

    >>> sorted(tiny_dataset(tasks={"ill": "binary", "cost": "regression"}).tasks)
    ['cost', 'ill']
    """
    drop = ("patient", *(name for name in TINY_TASKS if name not in tasks))
    spec = DataSpec(source="tiny", split=SplitSpec(valid=0.25, test=0.25, seed=seed), drop=drop)
    return dataset_from_table(tiny_table(rows, seed, missing=missing), spec, task_configs(tasks))
