"""Rows in memory: inputs by type, targets and label masks by task."""

# N rows, B rows of a batch

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.shapes import Inputs

__all__ = ["Rows"]

Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The encoded rows of one split, or a batch of them.

    ``units``: an int64 code a row, equal for rows that are one sampling unit: those of one group if the data
    has groups, else each row is one of its own. What rows of one unit have in common is no new evidence.
    ``weights_N``: float32, how much each row counts, above 0 and with mean 1 over the train rows; None if all
    count the same.

    Pickled as numpy arrays, which protocol 5 moves out of band: readers in Ray's object store share
    the memory, so tensors of unpickled rows must not be written to.
    """

    inputs: Inputs
    targets: dict[str, Tensor]
    labelled: dict[str, Tensor]
    units: Tensor
    weights_N: Tensor | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    @staticmethod
    def joined(parts: "Sequence[Rows]") -> "Rows":
        """The rows of all parts, which are of the same columns and tasks."""
        first, *_ = parts

        def join(of: Callable[[Rows], dict[str, Tensor]]) -> dict[str, Tensor]:
            return {name: torch.cat([of(part)[name] for part in parts]) for name in of(first)}

        weights = [part.weights_N for part in parts if part.weights_N is not None]
        return Rows(
            join(lambda part: part.inputs),
            join(lambda part: part.targets),
            join(lambda part: part.labelled),
            torch.cat([part.units for part in parts]),
            torch.cat(weights) if weights else None,
        )

    def take(self, index_B: Tensor) -> "Rows":
        """The rows at these positions, copied."""
        return self._map(lambda values: values.index_select(0, index_B))

    def slice(self, start: int, stop: int) -> "Rows":
        """The rows from ``start`` up to ``stop``, as views."""
        return self._map(lambda values: values[start:stop])

    def to(self, device: torch.device | str) -> "Rows":
        """The same rows on a device."""
        return self._map(lambda values: values.to(device))

    def select(self, tasks: Iterable[str]) -> "Rows":
        """The same rows with the targets of these tasks alone."""
        names = tuple(tasks)
        return replace(
            self,
            targets={name: self.targets[name] for name in names},
            labelled={name: self.labelled[name] for name in names},
        )

    def _map(self, change: Callable[[Tensor], Tensor]) -> "Rows":
        parts = (self.inputs, self.targets, self.labelled)
        inputs, targets, labelled = (
            {name: change(values) for name, values in part.items()} for part in parts
        )
        weights_N = None if self.weights_N is None else change(self.weights_N)
        return Rows(inputs, targets, labelled, change(self.units), weights_N)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.inputs, self.targets, self.labelled)
        arrays = ({name: values.cpu().numpy() for name, values in part.items()} for part in parts)
        of_rows = {"units": self.units.cpu().numpy()}
        if self.weights_N is not None:
            of_rows["weights_N"] = self.weights_N.cpu().numpy()
        return _from_arrays, (*arrays, of_rows)


def _from_arrays(inputs: Arrays, targets: Arrays, labelled: Arrays, of_rows: Arrays) -> Rows:
    return Rows(_tensors(inputs), _tensors(targets), _tensors(labelled), **_tensors(of_rows))


def _tensors(arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Tensor]:
    with warnings.catch_warnings():  # arrays in shared memory are read-only, and nothing writes to rows
        warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}
