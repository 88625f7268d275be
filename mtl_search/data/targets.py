"""Targets of every split: fitted on train, encoded, and left out if they cannot be judged."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_search.errors import DataError, LabelError
from mtl_search.records import Role, Split
from mtl_search.tasks import Layout, Task, TaskConfig

__all__ = ["Targets", "column_named", "find_strata", "fit_tasks"]

AT_ONCE = 2**22  # numbers, which bounds the memory of outputs

Encoded = tuple[Tensor, Tensor]  # targets, and which rows are labelled


@dataclass(frozen=True, slots=True)
class Targets:
    """The fitted tasks, their targets by split and task, and why the tasks that are not among them are left
    out."""

    tasks: Mapping[str, Task]
    encoded: Mapping[Split, Mapping[str, Encoded]]
    left_out: Mapping[str, str]

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each task that is left out."""
        return tuple(f"task {name!r} is left out: {why}" for name, why in self.left_out.items())


def fit_tasks(
    configs: Mapping[str, TaskConfig],
    tables: Mapping[Split, pa.Table],
    layouts: Mapping[str, Layout],
    train_weights_N: NDArray[np.float64] | None = None,
) -> Targets:
    """Every task that can be learned from train and judged in each split; the first error if no main task
    is left. ``layouts``: the inputs that labels of parts of a row may lie over."""
    tasks: dict[str, Task] = {}
    encoded: dict[Split, dict[str, Encoded]] = {which: {} for which in tables}
    left_out: dict[str, LabelError] = {}
    for name, config in configs.items():
        try:
            task, targets = _fit(name, _laid_over(name, config, layouts), tables, train_weights_N)
        except LabelError as error:
            left_out[name] = error
            continue
        tasks[name] = task
        for which in tables:
            encoded[which][name] = targets[which]
    if not any(task.role is Role.MAIN for task in tasks.values()):
        raise next(error for name, error in left_out.items() if configs[name].role is Role.MAIN)
    return Targets(tasks, encoded, {name: str(error) for name, error in left_out.items()})


def _laid_over(name: str, config: TaskConfig, layouts: Mapping[str, Layout]) -> TaskConfig:
    try:
        return config.laid_over(layouts)
    except DataError as error:
        place = f"tasks.{name}: {error.place}"
        raise type(error)(place, error.expected, error.found, error.hint) from error


def find_strata(configs: Mapping[str, TaskConfig], table: pa.Table) -> list[NDArray[np.int64]]:
    """Codes by which rows with rare labels are dealt, from all tasks."""
    found: list[NDArray[np.int64]] = []
    for name, config in configs.items():
        with column_named(name, config):
            found += config.strata(name, [table[column] for column in config.source_columns(name)])
    return found


def _fit(
    name: str,
    config: TaskConfig,
    tables: Mapping[Split, pa.Table],
    weights_N: NDArray[np.float64] | None,
) -> tuple[Task, Mapping[Split, Encoded]]:
    columns = {which: [table[c] for c in config.source_columns(name)] for which, table in tables.items()}
    with column_named(name, config):
        task = config.fit(name, columns[Split.TRAIN], weights_N)
        targets = {which: task.encode(of_split) for which, of_split in columns.items()}
    for which, (targets_N, labelled_N) in targets.items():
        _check_judged(task, which, targets_N, labelled_N)
    return task, targets


@contextmanager
def column_named(name: str, config: TaskConfig) -> Iterator[None]:
    """Names the column in an error, if its name differs from the task's."""
    try:
        yield
    except DataError as error:
        if config.column is None:
            raise
        place = f"task {name!r}, column {config.column!r}"
        raise type(error)(place, error.expected, error.found, error.hint) from error


def _check_judged(task: Task, which: Split, targets_N: Tensor, labelled_N: Tensor) -> None:
    place = f"tasks.{task.name}"
    if not labelled_N.any():
        found = f"none in {len(labelled_N)} {which} rows"
        raise LabelError(place, "a label in every split", found, "change the split")
    if math.isnan(_value_of_nothing(task, targets_N[labelled_N])):
        expected = f"labels in every split that {task.metric.name} is defined on"
        found = f"labels of one kind alone in {int(labelled_N.sum())} {which} rows"
        raise LabelError(place, expected, found, "change the split")


def _value_of_nothing(task: Task, targets_M: Tensor) -> float:
    """The default metric of outputs that are all 0, which need not be in memory at once."""
    rows = max(1, AT_ONCE // math.prod(task.output_shape))
    evidence = [
        task.evidence(torch.zeros(len(targets), *task.output_shape), targets)
        for targets in targets_M.split(rows)
    ]
    said, truths = (torch.cat(parts) for parts in zip(*evidence, strict=True))
    return task.measures[task.metric.name](said, truths)
