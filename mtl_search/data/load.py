"""From a data block and task options to a Dataset: read, check, split, fit on train, encode."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from mtl_search.data.alike import find_alike
from mtl_search.data.cache import Part
from mtl_search.data.dataset import Dataset
from mtl_search.data.declared import as_declared, categories_of_pandas
from mtl_search.data.encoded import keep_rows
from mtl_search.data.encoding import Encoding, choose_inputs, without_constants
from mtl_search.data.fingerprints import of_content, of_dataset, of_encoded, of_test_rows
from mtl_search.data.hashing import Hashes, hash_rows
from mtl_search.data.inputs import InputOptions
from mtl_search.data.inputs.categorical import CategoricalOptions
from mtl_search.data.inputs.image import image_columns
from mtl_search.data.labels import sampling_units
from mtl_search.data.leaks import find_leaks
from mtl_search.data.missing import with_missing
from mtl_search.data.plain import plain_table
from mtl_search.data.repeats import find_cut_groups, find_repeats
from mtl_search.data.room import Room
from mtl_search.data.rows import Rows
from mtl_search.data.separated import Layout
from mtl_search.data.showing import rows_to_show
from mtl_search.data.sources import check_table, located, read_source
from mtl_search.data.spec import DataSpec
from mtl_search.data.splits import key_hashes, split_rows, subsample
from mtl_search.data.streamed import AnyTable, batches_of, changed
from mtl_search.data.suspects import find_suspects
from mtl_search.data.targets import Targets, find_strata, fit_tasks
from mtl_search.data.uses import check_uses, left_out, missing_labels, target_columns
from mtl_search.data.weights import row_weights, uneven_weights, without_weightless
from mtl_search.records import Split
from mtl_search.tasks import TaskConfig
from mtl_search.uris import shown

__all__ = ["dataset_from_table", "load_dataset"]

RESULTS = Path("results")  # where `mtl-search run` makes the folders of sweeps


def load_dataset(
    spec: DataSpec, tasks: Mapping[str, TaskConfig], *, base: Path, results: Path = RESULTS
) -> Dataset:
    """The Dataset of a source; relative paths start at ``base``. DataError if it cannot be used.

    A table that is larger than ``spec.memory`` is read part by part, if its file knows its columns, and
    encoded rows that are larger are kept in files below ``results``.
    """
    layout, room = Layout(spec.separator, spec.decimal), Room.below(results, spec.memory)
    table, notes = read_source(spec.source, base, room, layout)
    with located(spec.source):
        inputs = {name: options.with_files(base) for name, options in spec.inputs.items()}
    spec = spec.model_copy(update={"inputs": inputs})
    return dataset_from_table(table, spec, tasks, notes=notes, results=results)


def dataset_from_table(
    table: AnyTable,
    spec: DataSpec,
    tasks: Mapping[str, TaskConfig],
    *,
    notes: tuple[str, ...] = (),
    results: Path = RESULTS,
) -> Dataset:
    """The Dataset of a table, whole or streamed; ``spec.source`` only names it.

    A task that cannot be learned from the train rows or judged in a split is left out with a note; DataError
    if no main task is left. ``notes`` come before what is found here.
    """
    with located(spec.source):
        check_table(table)
        check_uses(table, spec, tasks)
        used = _used(table, spec, tasks)
        index = split_rows(used.table, used.keys_N, spec, used.strata)
        tables = {which: used.table.take(pa.array(rows)) for which, rows in index.items()}
        weights = _weights(tables, spec.weight)
        of_train = weights[Split.TRAIN] if weights else None
        inputs, of_constants = without_constants(tables[Split.TRAIN], used.inputs)
        encoding = Encoding.fit(tables[Split.TRAIN], inputs, used.declared)
        found = fit_tasks(tasks, tables, encoding, of_train)
        content_N = of_content(used.table, used.hashes_N, used.declared, spec.weight)
        fingerprint = of_dataset(content_N, index, encoding, used.declared, tasks)
        splits, of_rows = keep_rows(
            _Splits(tables, encoding, found, weights, spec.group).parts,
            {which: part.num_rows for which, part in tables.items()},
            room=Room.below(results, spec.memory),
            key=of_encoded(fingerprint, encoding),
            source=shown(spec.source),
        )
        seen = (*notes, *used.notes, *uneven_weights(of_train, spec.weight), *found.notes)
        inputs_N = used.inputs_N - hash_rows(used.table, sorted({*used.inputs} - {*inputs}))
        test, of_interest = tables[Split.TEST], (*inputs, *target_columns(tasks))
        hashes_N, labelled = used.hashes_N[index[Split.TEST]], splits[Split.TEST].labelled
        return Dataset(
            name=shown(spec.source),
            fingerprint=fingerprint,
            tasks=found.tasks,
            encoding=encoding,
            train=splits[Split.TRAIN],
            valid=splits[Split.VALID],
            test=splits[Split.TEST],
            test_rows={
                name: of_test_rows(test, tasks[name], task, spec.weight) for name, task in found.tasks.items()
            },
            left_out=found.left_out,
            to_show=None if encoding.shape.is_table else rows_to_show(test, of_interest, hashes_N, labelled),
            warnings=(
                *seen,
                *of_constants,
                *of_rows,
                *find_cut_groups(tables, spec),
                *find_repeats(inputs_N[index[Split.TRAIN]], inputs_N[index[Split.TEST]]),
                *find_suspects(tables[Split.TRAIN], used.looked_at, frozenset(used.declared)),
                *find_leaks(found.tasks, splits[Split.TRAIN], encoding),
                *find_alike(found.tasks, splits[Split.TRAIN]),
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Used:
    """The rows that are used, cleaned, before they are split.

    ``inputs_N``: hashes of the ``inputs``; ``hashes_N``: of all that is used of a row; ``keys_N``: of what
    rows are drawn by. ``looked_at``: the columns that may be inputs, and the tasks'.
    """

    table: AnyTable
    declared: Mapping[str, InputOptions]
    inputs: tuple[str, ...]
    looked_at: tuple[str, ...]
    strata: list[NDArray[np.int64]]
    inputs_N: Hashes
    hashes_N: Hashes
    keys_N: Hashes
    notes: tuple[str, ...]

    def take(self, rows: NDArray[np.int64]) -> "_Used":
        """The rows at these positions."""
        return replace(
            self,
            table=self.table.take(pa.array(rows)),
            strata=[codes_N[rows] for codes_N in self.strata],
            inputs_N=self.inputs_N[rows],
            hashes_N=self.hashes_N[rows],
            keys_N=self.keys_N[rows],
        )


def _used(table: AnyTable, spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> _Used:
    others, targets = _others(table, spec, tasks), target_columns(tasks)
    images, of_images = image_columns(table, others)
    declared = {**images, **_declared(table, spec, tasks)}
    table, of_weights = without_weightless(_cleaned(table, spec, tasks, declared), spec.weight)
    strata = find_strata(tasks, table)
    inputs, of_inputs = choose_inputs(table, left_out(spec, tasks), declared)
    all_used = dict.fromkeys((*inputs, *targets, *filter(None, [spec.group])))
    inputs_N = hash_rows(table, inputs)  # sums over columns, each of which is read once
    hashes_N = inputs_N + hash_rows(table, list(all_used)[len(inputs) :])
    keys_N = key_hashes(table, spec.split.key) if spec.split.key else hashes_N
    looked_at, notes = tuple(dict.fromkeys((*targets, *others))), (*of_weights, *of_images, *of_inputs)
    used = _Used(table, declared, inputs, looked_at, strata, inputs_N, hashes_N, keys_N, notes)
    return used if spec.rows is None else used.take(subsample(keys_N, spec.rows, spec.split.seed, "rows"))


def _declared(table: AnyTable, spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> dict[str, InputOptions]:
    """The columns whose kind is said: in the sweep file, or by pandas as a category."""
    of_pandas = categories_of_pandas(table.schema) - left_out(spec, tasks)
    return {**dict.fromkeys(of_pandas, CategoricalOptions()), **spec.inputs}


def _cleaned(
    table: AnyTable, spec: DataSpec, tasks: Mapping[str, TaskConfig], declared: Mapping[str, InputOptions]
) -> AnyTable:
    """Every column plain, what counts as missing null, and declared columns cast."""
    kinds = {name: options.kind for name, options in declared.items()}

    def clean(some: pa.Table) -> pa.Table:
        return as_declared(with_missing(plain_table(some), spec, missing_labels(tasks)), kinds)

    return changed(table, clean)


def _others(table: AnyTable, spec: DataSpec, tasks: Mapping[str, TaskConfig]) -> list[str]:
    """The columns that may be inputs."""
    out = left_out(spec, tasks) - spec.inputs.keys()
    return [name for name in table.column_names if name not in out]


@dataclass(frozen=True, slots=True)
class _Splits:
    """All that is known of the splits before their inputs are encoded."""

    tables: Mapping[Split, AnyTable]
    encoding: Encoding
    found: Targets
    weights: Mapping[Split, NDArray[np.float64]] | None
    group: str | None

    def parts(self, at_once: int | None) -> Iterator[Part]:
        """The rows of each split, encoded as they are asked for."""
        for which, table in self.tables.items():
            units_N = torch.from_numpy(sampling_units(table, self.group))
            weights_N = None if self.weights is None else torch.from_numpy(self.weights[which]).float()
            start = 0
            for part in batches_of(table, (*self.encoding.columns, *self.found.read_again), at_once):
                inputs, notes = self.encoding.encode_with_notes(part)
                encoded, mine = self.found.of_part(which, start, part), slice(start, start + len(part))
                rows = Rows(
                    inputs,
                    {name: targets for name, (targets, _) in encoded.items()},
                    {name: labelled for name, (_, labelled) in encoded.items()},
                    units_N[mine],
                    None if weights_N is None else weights_N[mine],
                )
                yield Part(which, rows, tuple(replace(note, split=which.value) for note in notes))
                start += len(part)


def _weights(
    tables: Mapping[Split, AnyTable], column: str | None
) -> Mapping[Split, NDArray[np.float64]] | None:
    """Of the rows of each split, so that their mean in train is 1."""
    if column is None:
        return None
    weights = {which: row_weights(table, column) for which, table in tables.items()}
    mean = weights[Split.TRAIN].mean()
    return {which: weights_N / mean for which, weights_N in weights.items()}
