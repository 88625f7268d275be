"""Leaks: inputs that nearly say a task, or are known only where it turned out in one way."""

# N rows

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from mtl_search.data import Dataset
from mtl_search.data.leaks import leaks_in

__all__ = ["find_leaking"]

ROWS = 20  # known in the one class, and expected in the others, from which the rest is no chance
NEVER = 0.005  # share of the others' rows that may be known all the same
CERTAIN = 0.5  # of what lacks to 1 where a leak is suspected at all: so little may lack
OFTEN = 10  # times as often known in the one class


def find_leaking(dataset: Dataset) -> dict[str, str]:
    """The columns and why: as they are in train."""
    found: dict[str, str] = {}
    columns = frozenset(dataset.encoding.columns)
    for (feature, task), how in leaks_in(dataset.tasks, dataset.train, dataset.encoding).items():
        if 1 - how.value > CERTAIN * (1 - how.limit):
            continue  # perhaps no more than a good input
        missing = feature.removeprefix("missing ") if feature not in columns else None
        if missing is None:
            found.setdefault(feature, f"says {task} nearly by itself ({how}): known beforehand?")
        else:
            found[missing] = f"whether it is known says {task} ({how}): known beforehand?"
    for column, known_N in _known(dataset):
        if column not in found and (why := _known_afterwards(dataset, known_N)):
            found[column] = why
    return found


def _known(dataset: Dataset) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The columns that miss values, and the train rows that have one."""
    numeric, categorical = dataset.encoding.numeric, dataset.encoding.categorical
    features_NF = dataset.train.inputs["numeric"].numpy()
    for position, column in enumerate(numeric.flagged, start=len(numeric.columns)):
        yield column, features_NF[:, position] == 0
    codes_NC = dataset.train.inputs["categorical"].numpy()
    for position, column in enumerate(categorical.columns):
        known_N = codes_NC[:, position] > 0
        if not known_N.all():
            yield column, known_N


def _known_afterwards(dataset: Dataset, known_N: NDArray[np.bool_]) -> str | None:
    """Whether nearly only rows of one class have a value."""
    for name, classes in _classes(dataset).items():
        for label, (of_N, others_N) in classes.items():
            n_of, n_others = int(known_N[of_N].sum()), int(known_N[others_N].sum())
            rate, rate_others = n_of / max(of_N.sum(), 1), n_others / max(others_N.sum(), 1)
            expected = known_N[of_N | others_N].mean() * others_N.sum()
            if min(n_of, expected) >= ROWS and rate_others <= NEVER and rate > OFTEN * rate_others:
                others = f"in {rate_others:.1%} of the others"
                return f"known in {rate:.0%} of the rows where {name} is {label}, {others}"
    return None


def _classes(dataset: Dataset) -> Mapping[str, dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]]:
    """Of each task of classes: the train rows of each class, and those of the others."""
    found = {}
    for name, task in dataset.tasks.items():
        labelled_N = dataset.train.labelled[name].numpy()
        signals_NS = task.signals(dataset.train.targets[name]).numpy()
        if not np.isin(signals_NS[labelled_N], (0.0, 1.0)).all():
            continue
        labels = getattr(task, "classes", ())  # of every kind that has signals of 0 and 1, but not of numbers
        if not labels:
            continue
        if signals_NS.shape[1] == 1:
            signals_NS = np.concatenate([1 - signals_NS, signals_NS], axis=1)
        found[name] = {
            str(label): (labelled_N & (signal_N == 1), labelled_N & (signal_N == 0))
            for label, signal_N in zip(labels, signals_NS.T, strict=True)
        }
    return found
