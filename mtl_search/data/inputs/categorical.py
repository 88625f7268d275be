"""Strings and dictionary columns: integer codes of the levels that train has."""

# N rows, C columns

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from typing_extensions import override

from mtl_search.data.distinct import distinct_values
from mtl_search.data.inputs.fitted import NOTHING, FittedInputs, InputOptions, one_each
from mtl_search.data.notes import Note
from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.data.streamed import AnyTable, columns_of
from mtl_search.errors import DataError

__all__ = ["CategoricalInputs", "CategoricalOptions", "is_categorical", "read_levels"]


@final
class CategoricalOptions(InputOptions):
    """A column of levels, also where they are written as numbers."""

    kind: Literal["categorical"] = "categorical"


@final
@dataclass(frozen=True, slots=True)
class CategoricalInputs(FittedInputs):
    """Columns of levels as codes 1, 2, ... in sorted order; 0: missing, or not in train."""

    columns: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    kind: Literal["categorical"] = "categorical"

    def __post_init__(self) -> None:
        one_each(self.columns, levels=self.levels)

    @staticmethod
    @override
    def reads(kind: pa.DataType) -> bool:
        return is_categorical(kind)

    @classmethod
    @override
    def fit(
        cls, train: AnyTable, columns: tuple[str, ...], options: Mapping[str, InputOptions] = NOTHING
    ) -> "CategoricalInputs":
        levels = []
        for name, column in zip(columns, columns_of(train, columns), strict=True):
            values, codes_N = read_levels(column, name)
            occurs_V = np.bincount(codes_N + 1, minlength=len(values) + 1)[1:] > 0
            levels.append(tuple(sorted(values.filter(pa.array(occurs_V)).to_pylist())))
        return cls(columns, tuple(levels))

    @property
    @override
    def shape(self) -> InputShape:
        return InputShape(cardinalities=tuple(len(levels) + 1 for levels in self.levels))

    @override
    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """``categorical``: the codes as int64, N x C."""
        codes_NC = np.zeros((table.num_rows, len(self.columns)), np.int64)
        fitted = zip(columns_of(table, self.columns), self.columns, self.levels, strict=True)
        for position, (column, name, levels) in enumerate(fitted):
            values, codes_N = read_levels(column, name)
            known_V = pc.index_in(values, value_set=pa.array(levels, pa.string())).fill_null(-1).to_numpy()
            codes_NC[:, position] = np.append(known_V, -1)[codes_N] + 1
        return {self.kind: torch.from_numpy(codes_NC)}, ()


def is_categorical(kind: pa.DataType) -> bool:
    """Whether a column of this type is read as levels."""
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
        return not (types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind))
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def read_levels(column: pa.ChunkedArray, name: str) -> tuple[pa.Array, NDArray[np.int64]]:
    """The column as distinct strings and the code of each row, -1 where missing."""
    if pa.types.is_null(column.type):
        column = pc.cast(column, pa.string())
    if not is_categorical(column.type):
        raise DataError(f"column {name!r}", "strings, as in training", f"values of type {column.type}")
    values, codes_N = distinct_values(column)
    return pc.cast(values, pa.string()), codes_N
