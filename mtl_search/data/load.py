"""From a data block and task options to a Dataset: read, check, split, fit on train, encode."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from mtl_search.data.dataset import Dataset
from mtl_search.data.encoding import Encoding, choose_inputs
from mtl_search.data.hashing import Hashes, hash_rows, hash_values
from mtl_search.data.leaks import find_leaks
from mtl_search.data.rows import Rows
from mtl_search.data.sources import check_table, read_table
from mtl_search.data.spec import DataSpec
from mtl_search.data.splits import split_rows, subsample
from mtl_search.errors import DataError, nearest
from mtl_search.records import Split
from mtl_search.tasks import Task, TaskConfig

__all__ = ["dataset_from_table", "load_dataset"]


def load_dataset(spec: DataSpec, tasks: Mapping[str, TaskConfig], *, base: Path) -> Dataset:
    """The Dataset of a source; relative paths start at ``base``. DataError where it cannot be used."""
    return dataset_from_table(read_table(spec.source, base), spec, tasks)


def dataset_from_table(table: pa.Table, spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> Dataset:
    """The Dataset of a table in memory; ``spec.source`` only names it."""
    with _located(spec.source):
        check_table(table)
        _check_names(table, spec, tasks)
        hashes_N = hash_rows(table)
        if spec.rows is not None:
            kept = subsample(hashes_N, spec.rows, spec.split.seed, "rows")
            table, hashes_N = table.take(pa.array(kept)), hashes_N[kept]
        index = split_rows(table, hashes_N, spec)
        tables = {which: table.take(pa.array(rows)) for which, rows in index.items()}
        fitted = {name: _fit(name, config, tables[Split.TRAIN]) for name, config in tasks.items()}
        inputs, warnings = choose_inputs(table, tables[Split.TRAIN], _left_out(spec, tasks))
        encoding = Encoding.fit(tables[Split.TRAIN], inputs)
        splits = {
            which: _encode(part, encoding, fitted, tasks, which, _units(part, spec.group))
            for which, part in tables.items()
        }
        return Dataset(
            name=spec.source,
            fingerprint=_fingerprint(hashes_N, index, inputs, tasks),
            tasks=fitted,
            encoding=encoding,
            train=splits[Split.TRAIN],
            valid=splits[Split.VALID],
            test=splits[Split.TEST],
            warnings=warnings + find_leaks(fitted, splits[Split.TRAIN], encoding),
        )


@contextmanager
def _located(source: str) -> Iterator[None]:
    """Puts the table's name before the place of an error."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{source}: {error.place}", error.expected, error.found, error.hint) from error


def _check_names(table: pa.Table, spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> None:
    """Every column that is named must be there, and none may have two uses."""
    if not tasks:
        raise DataError("tasks", "at least one task", "none")
    sources = {f"tasks.{name}": config.source_columns(name) for name, config in tasks.items()}
    uses = {"drop": spec.drop, "group": _one(spec.group), "split.column": _one(spec.split.column)}
    for use, columns in (sources | uses).items():
        for column in columns:
            if column not in table.column_names:
                hint = nearest(column, table.column_names)
                raise DataError(use, "a column of the table", f"no column {column!r}", hint)
    for task, columns in sources.items():
        for use, others in uses.items():
            for column in set(columns) & set(others):
                raise DataError(task, "a column with no other use", f"{column!r}, which is also under {use}")


def _one(column: str | None) -> tuple[str, ...]:
    return () if column is None else (column,)


def _left_out(spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> frozenset[str]:
    targets = {column for name, config in tasks.items() for column in config.source_columns(name)}
    return frozenset({*targets, *spec.drop, *_one(spec.group), *_one(spec.split.column)})


def _fit(name: str, config: TaskConfig, train: pa.Table) -> Task:
    return config.fit(name, [train[column] for column in config.source_columns(name)])


def _encode(
    table: pa.Table,
    encoding: Encoding,
    fitted: Mapping[str, Task],
    tasks: Mapping[str, TaskConfig],
    which: Split,
    units_N: torch.Tensor,
) -> Rows:
    targets, labelled = {}, {}
    for name, task in fitted.items():
        columns = [table[column] for column in tasks[name].source_columns(name)]
        targets[name], labelled[name] = task.encode(columns)
        if not labelled[name].any():
            found = f"none in {len(table)} {which} rows"
            raise DataError(f"tasks.{name}", "a label in every split", found, "change the split")
        known = targets[name][labelled[name]]
        if math.isnan(task.evaluate_default(torch.zeros(len(known), task.n_outputs), known)):
            expected = f"labels in every split that {task.metric.name} is defined on"
            found = f"labels of one kind alone in {len(known)} {which} rows"
            raise DataError(f"tasks.{name}", expected, found, "change the split")
    return Rows(encoding.encode(table), targets, labelled, units_N)


def _units(table: pa.Table, group: str | None) -> torch.Tensor:
    """The sampling unit of each row: its group where there is one, else itself."""
    if group is None:
        return torch.arange(len(table))
    return torch.from_numpy(hash_values(table[group]).view(np.int64))


def _fingerprint(
    hashes_N: Hashes,
    index: Mapping[Split, NDArray[np.intp]],
    inputs: tuple[str, ...],
    tasks: Mapping[str, TaskConfig],
) -> str:
    """Of the content of the rows in their order, their splits, the inputs and the tasks' options."""
    digest = hashlib.sha256(hashes_N.tobytes())
    for which in Split:
        digest.update(index[which].astype(np.int64).tobytes())
    options = {name: config.model_dump(mode="json") for name, config in tasks.items()}
    digest.update(json.dumps([inputs, options], sort_keys=True).encode())
    return digest.hexdigest()[:16]
