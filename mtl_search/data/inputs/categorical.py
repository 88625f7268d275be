"""Strings and dictionary columns: integer codes of the levels that train has."""

# N rows, C columns

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from mtl_search.errors import DataError

__all__ = ["CategoricalInputs", "is_categorical", "read_levels"]


@dataclass(frozen=True, slots=True)
class CategoricalInputs:
    """Columns of levels as codes 1, 2, ... in sorted order; 0: missing, or not in train."""

    columns: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    @classmethod
    def fit(cls, train: pa.Table, columns: tuple[str, ...]) -> "CategoricalInputs":
        """The levels of these columns."""
        levels = (pc.unique(read_levels(train[name], name)).drop_null() for name in columns)
        return cls(columns, tuple(tuple(sorted(found.to_pylist())) for found in levels))

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """How many codes each column has, 0 included."""
        return tuple(len(levels) + 1 for levels in self.levels)

    def encode(self, table: pa.Table) -> Tensor:
        """The codes as int64, N x C."""
        codes_NC = np.zeros((table.num_rows, len(self.columns)), np.int64)
        for position, (name, levels) in enumerate(zip(self.columns, self.levels, strict=True)):
            known = pa.array(levels, pa.string())
            codes = pc.index_in(read_levels(table[name], name), value_set=known, skip_nulls=True)
            codes_NC[:, position] = pc.fill_null(codes, -1).to_numpy() + 1
        return torch.from_numpy(codes_NC)


def is_categorical(kind: pa.DataType) -> bool:
    """Whether a column of this type is read as levels."""
    types = pa.types
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(is_text or types.is_dictionary(kind))


def read_levels(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """The column as strings, null where missing."""
    if not is_categorical(column.type):
        raise DataError(f"column {name!r}", "strings, as in training", f"values of type {column.type}")
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.cast(column, pa.string())
