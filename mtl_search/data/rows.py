"""Rows in memory or in mapped files: inputs by type, targets and label masks by task."""

# N rows, B rows of a batch

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mtl_search.data.mapped import Extent, Parts, as_tensor
from mtl_search.data.shapes import Inputs

__all__ = ["Rows"]


@dataclass(frozen=True, slots=True)
class Rows:
    """The encoded rows of one split, or a batch of them.

    ``units``: an int64 code a row, equal for rows that are one sampling unit: those of one group if the data
    has groups, else each row is one of its own. What rows of one unit have in common is no new evidence.
    ``weights_N``: float32, how much each row counts, above 0 and with mean 1 over the train rows; None if all
    count the same.

    Pickled as numpy arrays, which protocol 5 moves out of band: readers in Ray's object store share
    the memory, so tensors of unpickled rows must not be written to. ``mapped``: where the rows lie if they
    are read from files, which may be larger than memory: of such rows the place alone is pickled. What is
    taken of them is in memory, what is sliced is not.
    """

    inputs: Inputs
    targets: dict[str, Tensor]
    labelled: dict[str, Tensor]
    units: Tensor
    weights_N: Tensor | None = None
    mapped: Extent | None = None

    def __len__(self) -> int:
        return len(self.units)

    @staticmethod
    def joined(parts: "Sequence[Rows]") -> "Rows":
        """The rows of all parts, which are of the same columns and tasks.

        Mapped ones that follow each other in their files stay there.
        """
        first, *_ = parts
        if (whole := _joined([part.mapped for part in parts])) is not None:
            return Rows.of_files(whole).select(first.targets)

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

    @staticmethod
    def of_files(extent: Extent) -> "Rows":
        """Rows that a `FileWriter` wrote as the arrays of ``arrays``."""
        return _of_parts(extent.open(), extent)

    def take(self, index_B: Tensor) -> "Rows":
        """The rows at these positions, copied."""
        if self.mapped is None:
            return self._map(lambda values: values.index_select(0, index_B))
        take = self.mapped.take
        return _of_parts(
            {
                part: {name: take(part, name, values, index_B) for name, values in tensors.items()}
                for part, tensors in self._parts.items()
            },
            None,
        )

    def announce(self, index_B: Tensor) -> None:
        """These rows will be taken soon: of mapped ones the system may begin to read the files."""
        if self.mapped is not None:
            for part, tensors in self._parts.items():
                for name, values in tensors.items():
                    self.mapped.announce(part, name, values, index_B)

    def slice(self, start: int, stop: int) -> "Rows":
        """The rows from ``start`` up to ``stop``, as views."""
        views = self._map(lambda values: values[start:stop])
        return views if self.mapped is None else replace(views, mapped=self.mapped.slice(start, stop))

    def to(self, device: torch.device | str) -> "Rows":
        """The same rows on a device; mapped ones in its memory, unless they are there."""
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

    @property
    def arrays(self) -> Parts:
        """All that is known of the rows, as arrays in the memory of the tensors."""
        return {
            part: {name: values.cpu().numpy() for name, values in tensors.items()}
            for part, tensors in self._parts.items()
        }

    @property
    def nbytes(self) -> int:
        """How many bytes they are, wherever they lie."""
        return sum(values.nbytes for tensors in self._parts.values() for values in tensors.values())

    @property
    def _parts(self) -> dict[str, dict[str, Tensor]]:
        of_rows = {"units": self.units}
        if self.weights_N is not None:
            of_rows["weights_N"] = self.weights_N
        return {"inputs": self.inputs, "targets": self.targets, "labelled": self.labelled, "of_rows": of_rows}

    def __reduce__(self) -> tuple[Any, ...]:
        if self.mapped is not None:
            return _from_files, (self.mapped, tuple(self.targets))
        return _from_arrays, (self.arrays,)


def _from_files(extent: Extent, tasks: tuple[str, ...]) -> Rows:
    return Rows.of_files(extent).select(tasks)


def _from_arrays(parts: Parts) -> Rows:
    tensors = {
        part: {name: as_tensor(array) for name, array in arrays.items()} for part, arrays in parts.items()
    }
    return _of_parts(tensors, None)


def _of_parts(parts: Mapping[str, dict[str, Tensor]], mapped: Extent | None) -> Rows:
    of_rows = parts["of_rows"]
    weights_N = of_rows.get("weights_N")
    return Rows(parts["inputs"], parts["targets"], parts["labelled"], of_rows["units"], weights_N, mapped)


def _joined(extents: Sequence[Extent | None]) -> Extent | None:
    """One extent if all follow each other in the same files."""
    whole, *others = extents
    for other in others:
        if whole is None or other is None:
            return None
        whole = whole.then(other)
    return whole
