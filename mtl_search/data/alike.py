"""Tasks that are one: labels that say nearly the same, so that delta_m counts one gain several times."""

# N rows

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mtl_search.data.notes import abridged
from mtl_search.data.rows import Rows
from mtl_search.records import Role
from mtl_search.tasks import Task
from mtl_search.tasks.dense import NO_LABEL

__all__ = ["alike_tasks", "find_alike"]

CORRELATION = 0.99  # of numbers, from which two tasks are one
EQUAL = 0.99  # share of rows in which two tasks of classes say the same
BEYOND_CHANCE = 0.9  # Cohen's kappa: two rare labels are equal in most rows whatever they are
SOME_ROWS, SOME_POSITIONS = 500, 50_000  # that are looked at where each position has a label
UNLABELLED = (NO_LABEL, NO_LABEL % 256)  # the second as uint8
ROWS = 20  # labelled in both tasks, below which nothing is said

Matrix = NDArray[np.float64]


def find_alike(tasks: Mapping[str, Task], train: Rows) -> tuple[str, ...]:
    """A note for each set of main tasks that are one and count as several in delta_m."""
    return tuple(
        f"tasks {abridged(names)} nearly are one ({why}): each counts in delta_m; "
        f"weight: {1 / len(names):.3g} for each of them lets them count as one"
        for names, why in alike_tasks(tasks, train)
        if sum(tasks[name].weight for name in names) > 1.01
    )


def alike_tasks(tasks: Mapping[str, Task], train: Rows) -> Iterator[tuple[tuple[str, ...], str]]:
    """Sets of main tasks whose labels nearly agree by pairs or through others, and how that was found.

    Numbers: correlated beyond .99 on the train rows labelled in both. Classes: equal, or each other's
    opposite, in 99 % of them. Labels at the positions of an input: the same of positions, and classes must
    have one order.
    """
    signals = {name: _signal(task, train) for name, task in tasks.items() if task.role is Role.MAIN}
    found: dict[str, list[str]] = {}
    links: dict[frozenset[str], str] = {}
    for one, other in combinations(sorted(signals), 2):
        same = tasks[one].kind == tasks[other].kind and _positions(one, train) == _positions(other, train)
        if same and (why := _alike(signals[one], signals[other])):
            links[frozenset({one, other})] = why
            joined = sorted({*found.get(one, [one]), *found.get(other, [other])})
            found.update(dict.fromkeys(joined, joined))
    for names in dict.fromkeys(map(tuple, found.values())):
        yield names, next(why for pair, why in links.items() if pair <= frozenset(names))


def _positions(task: str, rows: Rows) -> Sequence[int]:
    return rows.targets[task].shape[1:]


def _signal(task: Task, rows: Rows) -> Matrix:
    """N x S numbers, NaN without a label; of labels at positions a row a position, of some of the rows."""
    if task.level != "row":
        return _of_positions(rows.targets[task.name], rows.labelled[task.name])
    signal_NS = task.signals(rows.targets[task.name]).double().numpy().copy()
    signal_NS[~rows.labelled[task.name].numpy()] = np.nan
    return signal_NS


def _of_positions(targets_NX: Tensor, labelled_N: Tensor) -> Matrix:
    """The same of labels at the positions of an input, at some of them: indicators of classes, or numbers."""
    rows = torch.linspace(0, len(targets_NX) - 1, min(SOME_ROWS, len(targets_NX))).long()
    values_P, known_P = targets_NX[rows].flatten(), labelled_N[rows]
    known_P = known_P.repeat_interleave(len(values_P) // len(rows))
    some = torch.linspace(0, len(values_P) - 1, min(SOME_POSITIONS, len(values_P))).long()
    values_P, known_P = values_P[some], known_P[some]
    if values_P.is_floating_point():
        signal_PS = values_P.double()[:, None]
    else:
        known_P = known_P & (values_P != UNLABELLED[values_P.dtype == torch.uint8])
        codes_P = values_P.long().where(known_P, 0)
        signal_PS = F.one_hot(codes_P).double()
    return signal_PS.masked_fill(~known_P[:, None], torch.nan).numpy()


def _alike(one_NS: Matrix, other_NS: Matrix) -> str | None:
    if one_NS.shape != other_NS.shape:
        return None
    both_N = ~(np.isnan(one_NS).any(1) | np.isnan(other_NS).any(1))
    if both_N.sum() < ROWS:
        return None
    one_NS, other_NS = one_NS[both_N], other_NS[both_N]
    if _are_classes((one_NS, other_NS)):
        share = max(_equal(one_NS, other_NS), _equal(one_NS, 1 - other_NS))
        return f"equal in {share:.1%} of the rows labelled in both" if share >= EQUAL else None
    one_N, other_N = one_NS[:, 0], other_NS[:, 0]
    if one_N.std() == 0 or other_N.std() == 0:
        return None
    correlation = np.corrcoef(one_N, other_N)[0, 1]
    return f"correlation {correlation:.4f}" if abs(correlation) > CORRELATION else None


def _equal(one_NS: Matrix, other_NS: Matrix) -> float:
    """The share of rows that are equal; 0 if that says little, since nearly all rows are of one class."""
    share = float((one_NS == other_NS).all(1).mean())
    expected = float((one_NS.mean(0) * other_NS.mean(0)).sum())
    if one_NS.shape[1] == 1:
        expected += float(((1 - one_NS.mean(0)) * (1 - other_NS.mean(0))).sum())
    return share if share - expected > BEYOND_CHANCE * (1 - expected) else 0.0


def _are_classes(signals: Sequence[Matrix]) -> bool:
    return all(np.isin(signal_NS, (0.0, 1.0)).all() for signal_NS in signals)
