"""What every kind of input offers: how columns of its type become a tensor, fitted on the train rows."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

import pyarrow as pa
from torch import Tensor

from mtl_search.data.rows import InputShape

__all__ = ["FittedInputs", "columns_of"]


class FittedInputs(ABC):
    """The columns of one kind; the final classes are frozen, and pydantic reads and writes them as JSON."""

    __slots__ = ()

    kind: str
    """Its name in a sweep file, and that of its tensor in ``Inputs``."""
    columns: tuple[str, ...]

    @staticmethod
    @abstractmethod
    def reads(kind: pa.DataType) -> bool:
        """Whether a column of this Arrow type is of this kind."""

    @classmethod
    @abstractmethod
    def fit(cls, train: pa.Table, columns: tuple[str, ...]) -> Self:
        """What must be known of these columns, from train rows."""

    @property
    @abstractmethod
    def shape(self) -> InputShape:
        """What a network must know of them: its part of the shape of all inputs."""

    @abstractmethod
    def encode(self, table: pa.Table) -> Tensor:
        """The columns of any rows, as one tensor."""


def columns_of(table: pa.Table, names: Sequence[str]) -> list[pa.ChunkedArray]:
    """The columns of these names, which must be there; a table looks through all names for each one."""
    positions = {name: position for position, name in enumerate(table.column_names)}
    return [table.column(positions[name]) for name in names]
