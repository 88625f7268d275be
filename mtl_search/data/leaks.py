"""Inputs that nearly equal a task: most often another outcome that was left among the inputs."""

# N rows, F features, C categorical columns

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from typing_extensions import override

from mtl_search.data.encoding import Encoding
from mtl_search.data.rows import Rows
from mtl_search.tasks.base import Task

__all__ = ["Leak", "find_leaks", "leaks_in"]

Matrix = NDArray[np.float64]

SAMPLE = 2000  # rows that are looked at
CORRELATION = 0.95  # of ranks, for tasks that are numbers
AUROC = 0.99  # for tasks that are classes
MIN_CLASS = 10  # rows of a class below which a high AUROC is chance
LEVEL_ROWS = 20  # rows per level below which the mean target of a level is memory


@final
@dataclass(frozen=True, slots=True)
class Leak:
    """How much an input says of a task, by an AUROC or a rank correlation above its ``limit``."""

    measure: str
    value: float
    limit: float

    @override
    def __str__(self) -> str:
        return f"{self.measure} {self.value:.3f}"


def find_leaks(tasks: Mapping[str, Task], train: Rows, encoding: Encoding) -> tuple[str, ...]:
    """A warning for each pair of an input and a task that nearly say the same."""
    return tuple(
        f"input {feature!r} nearly equals task {task!r} ({leak}): is it an outcome? list it under drop"
        for (feature, task), leak in leaks_in(tasks, train, encoding).items()
    )


def leaks_in(tasks: Mapping[str, Task], train: Rows, encoding: Encoding) -> dict[tuple[str, str], Leak]:
    """The pairs of an input and a task that nearly say the same, and how that was found.

    Inputs are numbers and levels; nobody looks into images, texts and series. A column of levels counts as
    the mean target of each level. Inputs are named as features are: of a column that misses values,
    ``missing <column>`` is another one.
    """
    index = np.unique(np.linspace(0, len(train) - 1, SAMPLE).round().astype(np.int64))
    of_table = {kind: train.inputs[kind] for kind in ("numeric", "categorical")}
    rows = replace(train, inputs=of_table).take(torch.from_numpy(index))
    numeric_NF = rows.inputs["numeric"].double().numpy()
    few_levels = [LEVEL_ROWS * n < len(rows) for n in encoding.shape.cardinalities]
    codes_NC = rows.inputs["categorical"].numpy()[:, few_levels]
    names = (*encoding.numeric.features, *np.array(encoding.categorical.columns)[few_levels].tolist())
    ranks: dict[bytes, Matrix] = {}  # of the numeric features, by which rows are known
    found: dict[tuple[str, str], Leak] = {}
    for task, signal_N in _signals(tasks, rows):
        known_N = rows.labelled[task].numpy() & ~np.isnan(signal_N)
        if known_N.sum() < 2 * MIN_CLASS:
            continue
        key = known_N.tobytes()
        if key not in ranks:
            ranks[key] = _ranks(numeric_NF[known_N])
        levels_NC = _level_means(codes_NC[known_N], signal_N[known_N])
        ranks_NF = np.concatenate([ranks[key], _ranks(levels_NC)], axis=1)
        for position, leak in _alike(ranks_NF, signal_N[known_N]):
            found.setdefault((names[position], task), leak)
    return found


def _ranks(values: Matrix) -> Matrix:
    """Of the rows, in each column."""
    from scipy.stats import rankdata  # half a second, which no worker of a sweep needs to wait

    ranks: Matrix = rankdata(values, axis=0)
    return ranks


def _signals(tasks: Mapping[str, Task], rows: Rows) -> Iterator[tuple[str, Matrix]]:
    for name, task in tasks.items():
        for signal_N in task.signals(rows.targets[name]).double().numpy().T:
            yield name, signal_N


def _level_means(codes_NC: NDArray[np.int64], signal_N: Matrix) -> Matrix:
    means_NC = np.zeros(codes_NC.shape)
    for column, codes_N in enumerate(codes_NC.T):
        sums, counts = np.bincount(codes_N, signal_N), np.bincount(codes_N)
        means_NC[:, column] = (sums / np.maximum(counts, 1))[codes_N]
    return means_NC


def _alike(ranks_NF: Matrix, signal_N: Matrix) -> Iterator[tuple[int, Leak]]:
    """The positions of the features that nearly equal the signal, and how that was found."""
    if set(np.unique(signal_N)) <= {0.0, 1.0}:
        n_positive, n_negative = (signal_N == 1).sum(), (signal_N == 0).sum()
        if min(n_positive, n_negative) < MIN_CLASS:
            return
        rank_sums_F = ranks_NF[signal_N == 1].sum(0)
        aurocs_F = (rank_sums_F - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)
        values_F, limit, what = np.maximum(aurocs_F, 1 - aurocs_F), AUROC, "AUROC"
    else:
        target_N = _ranks(signal_N) - (len(signal_N) + 1) / 2
        centred_NF = ranks_NF - (len(signal_N) + 1) / 2
        norms_F = np.sqrt((centred_NF**2).sum(0) * (target_N**2).sum())
        products_F = np.abs(target_N @ centred_NF)
        values_F = np.divide(products_F, norms_F, out=np.zeros_like(norms_F), where=norms_F > 0)
        limit, what = CORRELATION, "rank correlation"
    for position in np.flatnonzero(values_F > limit):
        yield int(position), Leak(what, float(values_F[position]), limit)
