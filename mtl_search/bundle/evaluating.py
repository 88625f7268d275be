"""What a model's predictions are worth on a labelled table: every metric of each task, with intervals."""

# N rows, K outputs of a task

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_search.bundle.counting import Counts
from mtl_search.bundle.opening import open_text_table
from mtl_search.bundle.predictor import Predictor
from mtl_search.bundle.resampling import Estimate, interval, resampled_rows
from mtl_search.data.extents import check_extents
from mtl_search.data.formats import is_text
from mtl_search.data.labels import Labels, read_labels
from mtl_search.data.plain import plain_table
from mtl_search.data.sources import check_table, read_source
from mtl_search.data.text_streams import Retyped
from mtl_search.data.weights import without_weightless
from mtl_search.tasks import DenseTask, Task

__all__ = ["Evaluation", "TaskEvaluation", "evaluate", "evaluate_predictions", "read_labelled"]

RESAMPLES = 500
DRAWN = 20_000_000  # rows in all resamples together, beyond which there are fewer of them ...
ROWS = 131_072  # of a text table that are read at a time
FEWEST = 100  # ... but not fewer than these

Evidence = tuple[Tensor, Tensor]  # what a measure is computed of, row by row


@dataclass(frozen=True, slots=True)
class TaskEvaluation:
    """The metrics of a task over its labelled rows; ``unseen``: how often labels occur that are left out,
    since training has not seen them."""

    task: str
    kind: str
    default: str
    """The metric that networks were compared by."""
    rows: int
    missing: int
    unseen: Mapping[str, int]
    metrics: Mapping[str, Estimate]
    higher_is_better: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All tasks of a model on one table.

    Intervals hold 95 % of the values on ``bootstrap`` samples of as many ``units`` (groups, or rows) with
    replacement, the same for every task.
    """

    tasks: tuple[TaskEvaluation, ...]
    rows: int
    units: int
    weighted: bool
    bootstrap: int
    seed: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON: numbers, text, lists and mappings; None for what is undefined."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def evaluate(
    predictor: Predictor, table: pa.Table, *, bootstrap: int | None = None, seed: int = 0
) -> Evaluation:
    """The evaluation of a bundle on a table with inputs and labels.

    Labels, groups and weights are read as in training, where their columns are there. DataError if no label
    is, or an input cannot be read.
    """
    check_table(table)
    of = predictor.description
    weight = of.data.weight if of.data.weight in table.column_names else None
    table, notes = without_weightless(table, weight)
    labels = read_labels(table, of.data, of.options, predictor.tasks)
    prepared = predictor.reading.prepare(table)
    _check_extents(predictor, table, prepared, labels)
    evidence, of_rows = _evidence(predictor, prepared, labels)
    found = _evaluation(predictor.tasks, evidence, labels, bootstrap, seed)
    return replace(found, notes=(*notes, *of_rows, *found.notes))


def read_labelled(predictor: Predictor, source: str) -> pa.Table:
    """The table at a path or URI, each input read as training saw it; DataError if it cannot be."""
    if not is_text(source):
        return read_source(source, Path())[0]
    stream = open_text_table(source, predictor.reading)
    while True:
        try:
            return pa.concat_tables([batch.table for batch in stream.batches(stream.names, ROWS)])
        except Retyped as found:
            stream = found.stream


def evaluate_predictions(
    tasks: Mapping[str, Task],
    predictions: Mapping[str, Tensor],
    labels: Labels,
    *,
    bootstrap: int | None = None,
    seed: int = 0,
) -> Evaluation:
    """The evaluation of predictions, N or N x K for each task, against the labels of the same rows.

    ``bootstrap``: the number of samples, 0 for no intervals; by default 500, and fewer for a large table. A
    single unit, all of whose samples are alike, has no intervals.
    """
    evidence = {
        name: (predictions[name], tasks[name].truths(targets)) for name, targets in labels.targets.items()
    }
    return _evaluation(tasks, evidence, labels, bootstrap, seed)


def _evaluation(
    tasks: Mapping[str, Task],
    evidence: Mapping[str, Evidence],
    labels: Labels,
    bootstrap: int | None,
    seed: int,
) -> Evaluation:
    n_units = len(np.unique(labels.units_N))
    times = _times(len(labels.units_N)) if bootstrap is None else bootstrap
    times = times if n_units > 1 else 0
    return Evaluation(
        tasks=tuple(_judge(tasks[name], evidence[name], labels, times, seed) for name in labels.targets),
        rows=len(labels.units_N),
        units=n_units,
        weighted=labels.weights_N is not None,
        bootstrap=times,
        seed=seed,
        notes=labels.notes,
    )


def _check_extents(predictor: Predictor, table: pa.Table, prepared: pa.Table, labels: Labels) -> None:
    for name in labels.targets:
        task = predictor.tasks[name]
        if isinstance(task, DenseTask):
            columns = predictor.description.options[name].source_columns(name)
            plain = plain_table(table.select(list(columns)))
            check_extents(task, columns, plain, prepared, predictor.reading.inputs)


def _evidence(
    predictor: Predictor, prepared: pa.Table, labels: Labels
) -> tuple[dict[str, Evidence], tuple[str, ...]]:
    """Of the mean over seeds, of all rows; and sentences on rows.

    Batch by batch: of a task with many labels a row nobody holds the predictions of all rows.
    """
    parts: dict[str, list[Evidence]] = {name: [] for name in labels.targets}
    counts = Counts(predictor.reading)
    for start in range(0, prepared.num_rows, predictor.most):
        batch = prepared.slice(start, predictor.most)
        inputs, notes = predictor.reading.encode_with_notes(batch)
        counts.add(batch, inputs, notes)
        outputs = predictor.outputs(inputs)
        rows = slice(start, start + len(batch))
        for name, found in parts.items():
            task, targets_B = predictor.tasks[name], labels.targets[name][rows]
            if task.level == "row":
                mean = torch.stack([task.predictions(of).cpu() for of in outputs[name]]).mean(0)
                found.append((mean, task.truths(targets_B)))
            else:
                found.append(_sums(task, outputs[name], targets_B, labels.labelled[name][rows]))
    return {name: _joined(found) for name, found in parts.items()}, counts.told_of_rows


def _sums(task: Task, of_seeds: Sequence[Tensor], targets_B: Tensor, labelled_B: Tensor) -> Evidence:
    """The evidence of a task with many labels a row; zero for rows without one."""
    outputs_BK = [outputs_BK.cpu() for outputs_BK in of_seeds]
    together_BK = task.combine(torch.stack(outputs_BK, dim=1)) if len(outputs_BK) > 1 else outputs_BK[0]
    whole = task.evidence(together_BK[labelled_B], targets_B[labelled_B])

    def of_all(values_M: Tensor) -> Tensor:
        values_B = values_M.new_zeros(len(labelled_B), *values_M.shape[1:])
        values_B[labelled_B] = values_M
        return values_B

    return of_all(whole[0]), of_all(whole[1])


def _joined(parts: Sequence[Evidence]) -> Evidence:
    return torch.cat([said for said, _ in parts]), torch.cat([truths for _, truths in parts])


def _judge(task: Task, evidence: Evidence, labels: Labels, times: int, seed: int) -> TaskEvaluation:
    labelled_N, (predicted, truths) = labels.labelled[task.name], evidence
    weights_N = labels.weights_N

    def metrics(sample: NDArray[np.intp]) -> dict[str, float]:
        rows = torch.from_numpy(sample)
        rows = rows[labelled_N[rows]]
        weights = None if weights_N is None else weights_N[rows]
        return {name: of(predicted[rows], truths[rows], weights) for name, of in task.measures.items()}

    values = metrics(np.arange(len(labelled_N)))
    drawn = [metrics(sample) for sample in resampled_rows(labels.units_N, times, seed)]
    n_labelled = int(labelled_N.sum())
    return TaskEvaluation(
        task=task.name,
        kind=task.kind,
        default=task.metric.name,
        rows=n_labelled,
        missing=len(labelled_N) - n_labelled,
        unseen=labels.unseen[task.name],
        metrics={name: interval(value, [one[name] for one in drawn]) for name, value in values.items()},
        higher_is_better={metric.name: metric.higher_is_better for metric in task.metrics},
    )


def _times(rows: int) -> int:
    return max(FEWEST, min(RESAMPLES, DRAWN // max(rows, 1)))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
