"""Targets of every split: fitted on train, encoded, and left out if they cannot be judged."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_search.data.encoding import Encoding
from mtl_search.data.extents import check_extents
from mtl_search.data.streamed import AnyTable, StreamedTable, batches_of, columns_of
from mtl_search.errors import DataError, LabelError
from mtl_search.records import Role, Split
from mtl_search.tasks import DenseTask, Layout, Task, TaskConfig

__all__ = ["Targets", "column_named", "find_strata", "fit_tasks"]

AT_ONCE = 2**22  # numbers, which bounds the memory of outputs

Encoded = tuple[Tensor, Tensor]  # targets, and which rows are labelled


@dataclass(frozen=True, slots=True)
class Targets:
    """The fitted tasks and why others are left out.

    ``encoded``: their targets by split and task, without those of a streamed table that have many labels a
    row: these are encoded again, part by part, from their ``columns``.
    """

    tasks: Mapping[str, Task]
    columns: Mapping[str, Sequence[str]]
    encoded: Mapping[Split, Mapping[str, Encoded]]
    left_out: Mapping[str, str]

    @property
    def read_again(self) -> tuple[str, ...]:
        """The columns of tasks that are encoded part by part."""
        lacking = self.tasks.keys() - self.encoded[Split.TRAIN].keys()
        return tuple(column for name in self.tasks if name in lacking for column in self.columns[name])

    def of_part(self, which: Split, start: int, part: pa.Table) -> dict[str, Encoded]:
        """The targets of some rows of a split, by task."""
        known, stop = self.encoded[which], start + len(part)
        return {
            name: (known[name][0][start:stop], known[name][1][start:stop])
            if name in known
            else task.encode([part[column] for column in self.columns[name]])
            for name, task in self.tasks.items()
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each task that is left out."""
        return tuple(f"task {name!r} is left out: {why}" for name, why in self.left_out.items())


def fit_tasks(
    configs: Mapping[str, TaskConfig],
    tables: Mapping[Split, AnyTable],
    encoding: Encoding,
    train_weights_N: NDArray[np.float64] | None = None,
) -> Targets:
    """Every task that can be learned from train and judged in each split; the first error if no main task
    is left. ``encoding``: of the inputs, which labels of parts of a row may lie over."""
    tasks: dict[str, Task] = {}
    encoded: dict[Split, dict[str, Encoded]] = {which: {} for which in tables}
    left_out: dict[str, LabelError] = {}
    for name, config in configs.items():
        try:
            laid = _laid_over(name, config, encoding.layouts)
            tasks[name], targets = _fit(name, laid, tables, train_weights_N)
            _check_extents(tasks[name], config, tables, encoding)
        except LabelError as error:
            left_out[name] = error
            continue
        for which, of_split in targets.items():
            encoded[which][name] = of_split
    if not any(task.role is Role.MAIN for task in tasks.values()):
        raise next(error for name, error in left_out.items() if configs[name].role is Role.MAIN)
    columns = {name: configs[name].source_columns(name) for name in tasks}
    return Targets(tasks, columns, encoded, {name: str(error) for name, error in left_out.items()})


def _laid_over(name: str, config: TaskConfig, layouts: Mapping[str, Layout]) -> TaskConfig:
    try:
        return config.laid_over(layouts)
    except DataError as error:
        place = f"tasks.{name}: {error.place}"
        raise type(error)(place, error.expected, error.found, error.hint) from error


def find_strata(configs: Mapping[str, TaskConfig], table: AnyTable) -> list[NDArray[np.int64]]:
    """Codes by which rows with rare labels are dealt, from all tasks."""
    found: list[NDArray[np.int64]] = []
    for name, config in configs.items():
        with column_named(name, config):
            found += config.strata(name, list(columns_of(table, config.source_columns(name))))
    return found


def _fit(
    name: str,
    config: TaskConfig,
    tables: Mapping[Split, AnyTable],
    weights_N: NDArray[np.float64] | None,
) -> tuple[Task, Mapping[Split, Encoded]]:
    columns = config.source_columns(name)
    with column_named(name, config):
        task = config.fit(name, list(columns_of(tables[Split.TRAIN], columns)), weights_N)
        if task.level != "row" and isinstance(tables[Split.TRAIN], StreamedTable):
            for which, table in tables.items():
                parts = batches_of(table, columns)
                _check_judged(task, which, (task.encode([part[c] for c in columns]) for part in parts))
            return task, {}
        targets = {which: task.encode(list(columns_of(table, columns))) for which, table in tables.items()}
    for which, of_split in targets.items():
        _check_judged(task, which, [of_split])
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


def _check_extents(
    task: Task, config: TaskConfig, tables: Mapping[Split, AnyTable], encoding: Encoding
) -> None:
    if not isinstance(task, DenseTask):
        return
    columns = config.source_columns(task.name)
    names = tuple(dict.fromkeys((*columns, task.over)))
    for part in (part for table in tables.values() for part in batches_of(table, names)):
        check_extents(task, columns, part, part, encoding)


def _check_judged(task: Task, which: Split, parts: Iterable[Encoded]) -> None:
    """LabelError unless the default metric is defined on the rows of all parts."""
    place, n_rows = f"tasks.{task.name}", 0
    evidence: list[tuple[Tensor, Tensor]] = []
    for targets_N, labelled_N in parts:
        n_rows += len(labelled_N)
        evidence += _of_nothing(task, targets_N[labelled_N])
    if not evidence:
        found = f"none in {n_rows} {which} rows"
        raise LabelError(place, "a label in every split", found, "change the split")
    said, truths = (torch.cat(found) for found in zip(*evidence, strict=True))
    if math.isnan(task.measures[task.metric.name](said, truths)):
        expected = f"labels in every split that {task.metric.name} is defined on"
        found = f"labels of one kind alone in {len(truths)} {which} rows"
        raise LabelError(place, expected, found, "change the split")


def _of_nothing(task: Task, targets_M: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Evidence of outputs that are all 0, which need not be in memory at once."""
    if not len(targets_M):
        return
    for targets in targets_M.split(max(1, AT_ONCE // math.prod(task.output_shape))):
        yield task.evidence(torch.zeros(len(targets), *task.output_shape), targets)
