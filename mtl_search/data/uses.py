"""What each column of a table is used for, by the names that a sweep file gives."""

from collections.abc import Mapping

import pyarrow as pa

from mtl_search.data.spec import DataSpec, MissingValue
from mtl_search.errors import DataError, nearest
from mtl_search.tasks import TaskConfig

__all__ = ["check_uses", "left_out", "missing_labels", "target_columns"]


def target_columns(tasks: Mapping[str, TaskConfig]) -> tuple[str, ...]:
    """The source columns of all tasks, each once."""
    named = (column for name, config in tasks.items() for column in config.source_columns(name))
    return tuple(dict.fromkeys(named))


def missing_labels(tasks: Mapping[str, TaskConfig]) -> dict[str, tuple[MissingValue, ...]]:
    """The values that mean no label, by target column."""
    columns = target_columns(tasks)
    return {
        column: tuple(value for task in tasks for value in _missing_in(column, task, tasks[task]))
        for column in columns
    }


def _missing_in(column: str, name: str, config: TaskConfig) -> tuple[MissingValue, ...]:
    return config.missing if column in config.source_columns(name) else ()


def left_out(spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> frozenset[str]:
    """The columns that are no inputs, unless one is declared to be."""
    return frozenset(
        {*target_columns(tasks), *spec.drop, *_group(spec), *_one(spec.weight), *spec.split.columns}
    )


def check_uses(table: pa.Table, spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> None:
    """DataError if a column that is named is not there, or has two uses that exclude each other."""
    if not tasks:
        raise DataError("tasks", "at least one task", "none")
    sources = {f"tasks.{name}": config.source_columns(name) for name, config in tasks.items()}
    exclusive = {"drop": spec.drop, "group": _group(spec), "split.column": _one(spec.split.column)}
    exclusive |= {"weight": _one(spec.weight)}
    drawn = {"split.key": spec.split.key, "split.time": _one(spec.split.time)}
    inputs = {"inputs": tuple(spec.inputs)}
    missing = {"missing": tuple(spec.missing) if isinstance(spec.missing, dict) else ()}
    there = frozenset(table.column_names)
    for use, columns in (sources | exclusive | drawn | inputs | missing).items():
        for column in columns:
            if column not in there:
                hint = nearest(column, there)
                raise DataError(use, "a column of the table", f"no column {column!r}", hint)
    for task, columns in sources.items():
        _check_apart(task, columns, exclusive | drawn | inputs)
    _check_apart("inputs", tuple(spec.inputs), exclusive)
    _check_apart("weight", exclusive.pop("weight"), exclusive | drawn)


def _check_apart(use: str, columns: tuple[str, ...], others: Mapping[str, tuple[str, ...]]) -> None:
    for other, theirs in others.items():
        for column in columns:
            if column in theirs:
                found = f"{column!r}, which is also under {other}"
                raise DataError(use, "a column with no other use", found)


def _group(spec: DataSpec) -> tuple[str, ...]:
    return _one(spec.group)


def _one(column: str | None) -> tuple[str, ...]:
    return () if column is None else (column,)
