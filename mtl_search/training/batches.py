"""The rows of an epoch in its order, batch by batch."""

# N rows, B rows in a batch

from typing import final

import torch
from torch import Tensor

from mtl_search.data import Rows

__all__ = ["Batches", "count_by_batch", "mean_weights", "resident", "tiled"]


def resident(rows: Rows, device: torch.device) -> Rows:
    """The rows on the device, unless they are mapped: of those each batch goes there when it is read."""
    return rows.to(device) if rows.mapped is None else rows


@final
class Batches:
    """The rows in a given order as batches on a device.

    Rows in memory, which are on the device already, are brought into that order at once: of small rows, to
    take each batch by itself would cost much of the time of a step. Mapped ones, which may be larger than
    memory, are read as their batch comes. The batches are the same.
    """

    def __init__(self, rows: Rows, order_N: Tensor, size: int, device: torch.device) -> None:
        self._size, self._device = size, device
        self._order_N = None if rows.mapped is None else order_N
        self._rows = rows.take(order_N.to(device)) if rows.mapped is None else rows

    def labelled(self, task: str) -> Tensor:
        """Which of all rows have a label of the task."""
        labelled_N = self._rows.labelled[task]
        return labelled_N if self._order_N is None else labelled_N.index_select(0, self._order_N)

    def __getitem__(self, step: int) -> Rows:
        start, stop = step * self._size, (step + 1) * self._size
        if self._order_N is None:
            return self._rows.slice(start, stop)
        batch = self._rows.take(self._order_N[start:stop])
        self._rows.announce(self._order_N[stop : stop + self._size])  # read while this one is learned from
        return batch.to(self._device)


def tiled(values_N: Tensor, copies: int) -> Tensor:
    """The values once for each copy of the rows: a mean over them all is the mean of the copies' means."""
    return values_N if copies == 1 else values_N.repeat(copies, *[1] * (values_N.ndim - 1))


def mean_weights(rows: Rows) -> dict[str, Tensor]:
    """The mean weight of the rows that each task has labels of, so that no task counts less for having few
    heavy ones; empty if rows have none."""
    if rows.weights_N is None:
        return {}
    return {task: rows.weights_N[labelled_N].mean() for task, labelled_N in rows.labelled.items()}


def count_by_batch(labelled_N: Tensor, size: int) -> list[int]:
    """Labelled rows in each batch, read from the device at once: asking in each batch would wait for it."""
    counts: list[int] = torch.stack([batch.sum() for batch in torch.split(labelled_N, size)]).tolist()
    return counts
