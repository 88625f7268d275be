"""The rows of an epoch in its order, batch by batch."""

# N rows, B rows in a batch

from typing import final

import torch
from torch import Tensor

from mtl_search.data import Rows

__all__ = ["Batches", "resident"]


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
