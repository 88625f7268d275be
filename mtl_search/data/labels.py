"""The labels of a table that is not for training: read as training read them, and judged by what it saw."""

# N rows

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_search.data.missing import with_missing
from mtl_search.data.plain import plain_table
from mtl_search.data.spec import DataSpec
from mtl_search.data.splits import group_hashes
from mtl_search.data.targets import column_named
from mtl_search.data.uses import missing_labels
from mtl_search.data.weights import row_weights
from mtl_search.errors import DataError, nearest
from mtl_search.tasks import Task, TaskConfig

__all__ = ["Labels", "read_labels", "sampling_units"]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What is known of the tasks in a table's rows.

    ``targets`` and ``labelled`` as in `Rows`, of the tasks whose columns are there; ``unseen``: labels that
    training has not seen, which count as missing, and how often each occurs. ``weights_N`` are None where
    training had none or the column is not there. ``notes`` are sentences on what is not there.
    """

    targets: Mapping[str, Tensor]
    labelled: Mapping[str, Tensor]
    units_N: NDArray[np.int64]
    weights_N: Tensor | None
    unseen: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]


def read_labels(
    table: pa.Table, spec: DataSpec, configs: Mapping[str, TaskConfig], tasks: Mapping[str, Task]
) -> Labels:
    """The labels of these tasks; DataError without any, or for labels that cannot be of these tasks.

    No row may have weight 0, see `without_weightless`.
    """
    there = frozenset(table.column_names)
    columns = {name: configs[name].source_columns(name) for name in tasks}
    lacking = {name: [c for c in of_task if c not in there] for name, of_task in columns.items()}
    found = {name: task for name, task in tasks.items() if not lacking[name]}
    if not found:
        missing = [column for of_task in lacking.values() for column in of_task]
        hint = nearest(missing[0], there)
        raise DataError("labels", f"a column {' or '.join(map(repr, missing))}", "none of them", hint)
    notes = [f"task {name!r} is not judged: no column {c[0]!r}" for name, c in lacking.items() if c]
    group, weight = (_optional(named, there) for named in (spec.group, spec.weight))
    if group != spec.group:
        notes.append(f"no column {spec.group!r}: rows count as independent, and intervals may be too short")
    if weight != spec.weight:
        notes.append(f"no column {spec.weight!r}: all rows weigh the same")
    used = dict.fromkeys((*(c for name in found for c in columns[name]), *filter(None, [group, weight])))
    plain = with_missing(plain_table(table.select(list(used))), spec, missing_labels(configs))
    weights_N = None if weight is None else torch.tensor(row_weights(plain, weight))
    targets, labelled, unseen = {}, {}, {}
    for name, task in found.items():
        with column_named(name, configs[name]):
            known, unseen[name] = task.seen([plain[column] for column in columns[name]])
            targets[name], labelled[name] = task.encode(known)
    if not any(bool(labelled_N.any()) for labelled_N in labelled.values()):
        raise DataError("labels", "a label that training has seen", f"none in {table.num_rows} rows")
    return Labels(targets, labelled, sampling_units(plain, group), weights_N, unseen, tuple(notes))


def sampling_units(table: pa.Table, group: str | None) -> NDArray[np.int64]:
    """A code for the sampling unit of each row: its group if there is one, else itself."""
    if group is None:
        return np.arange(len(table))
    return group_hashes(table[group], group).view(np.int64)


def _optional(column: str | None, there: frozenset[str]) -> str | None:
    return column if column in there else None
