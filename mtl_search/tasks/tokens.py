"""What tasks of tokens have in common: their options, columns of lists of labels, and the head."""

# N rows, T labels of all rows, B rows of a batch, L steps, W width, K outputs

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_search.errors import DataError, Mismatch
from mtl_search.features import FeatureSpec, SequenceSpec, Steps
from mtl_search.tasks.base import Column, Level
from mtl_search.tasks.columns import Label, labels, place
from mtl_search.tasks.dense import DenseOptions

__all__ = ["LabelLists", "TokenHead", "TokenOptions", "token_head"]

NO_LIST = -1  # the length of a row that has none


class TokenOptions(DenseOptions, ABC):
    """The options of tasks with a label for each token of a text or each step of a series."""

    level: ClassVar[Level] = "token"

    @property
    def length(self) -> int:
        """L, the most tokens of a row that networks read; labels beyond are cut with them."""
        return self.layout.positions[0]


@final
@dataclass(frozen=True, slots=True, eq=False)
class LabelLists:
    """A list of labels a row, laid end to end: ``flat_T``, and ``lengths_N``, -1 for a row without a list."""

    flat_T: Column
    lengths_N: NDArray[np.int64]

    @classmethod
    def read(cls, column: Column, name: str, missing: tuple[int | float | str, ...] = ()) -> "LabelLists":
        """The labels as booleans, int64 or strings, those among ``missing`` null; DataError for others."""
        kind, types = column.type, pa.types
        if types.is_null(kind):
            return cls(pa.chunked_array([pa.nulls(0, pa.string())]), np.full(len(column), NO_LIST))
        if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
            raise DataError(place(name), "a list of labels in each row", f"values of type {kind}")
        flat_T = labels(pc.list_flatten(column), name)
        if missing:
            flat_T = _without(flat_T, missing)
        lengths_N = pc.fill_null(pc.cast(pc.list_value_length(column), pa.int64()), NO_LIST).to_numpy()
        return cls(flat_T, np.asarray(lengths_N, np.int64))

    @property
    def counts_N(self) -> NDArray[np.int64]:
        """The labels of each row."""
        return self.lengths_N.clip(min=0)

    @property
    def rows_T(self) -> NDArray[np.int64]:
        """The row of each label."""
        return np.arange(len(self.lengths_N)).repeat(self.counts_N)

    def column(self, flat_T: Column) -> Column:
        """Other labels in lists of the same lengths."""
        ends_N = self.counts_N.cumsum()
        offsets = pa.array(np.concatenate([[0], ends_N]), pa.int64())
        mask = pa.array(self.lengths_N == NO_LIST)
        whole = pa.concat_arrays(flat_T.chunks) if flat_T.num_chunks else pa.array([], flat_T.type)
        return pa.chunked_array([pa.LargeListArray.from_arrays(offsets, whole, mask=mask)])

    def padded(self, codes_T: NDArray[np.int64], length: int, nothing: int) -> NDArray[np.int16]:
        """N x L, ``nothing`` beyond the end of a row; what is beyond L is cut."""
        first_N = self.counts_N.cumsum() - self.counts_N
        places_T = np.arange(len(codes_T)) - first_N.repeat(self.counts_N)
        kept_T = places_T < length
        codes_NL = np.full((len(self.lengths_N), length), nothing, np.int16)
        codes_NL[self.rows_T[kept_T], places_T[kept_T]] = codes_T[kept_T]
        return codes_NL


def _without(flat_T: Column, missing: tuple[int | float | str, ...]) -> Column:
    """Null for these values; a number stands for its text among strings."""
    kind = flat_T.type
    named: list[Label]
    if pa.types.is_string(kind):
        named = [str(value) for value in missing]
    elif pa.types.is_integer(kind):
        named = [int(value) for value in missing if not isinstance(value, str) and value == int(value)]
    else:
        return flat_T
    none = pc.is_in(flat_T, value_set=pa.array(named, kind), skip_nulls=True)
    return pc.if_else(none, pa.scalar(None, kind), flat_T)


def token_head(spec: FeatureSpec, n_classes: int, length: int) -> nn.Module:
    """From a sequence with a step for each token to B x L x (K + 1); a Mismatch for other features."""
    if not isinstance(spec, SequenceSpec):
        raise Mismatch("a sequence to label steps of, as trunk transformer makes of a text", str(spec))
    if spec.length != length:
        expected = f"a sequence with a step for each of {length} tokens"
        raise Mismatch(expected, str(spec), "trunk conv1d keeps them with halve: false")
    return TokenHead(spec.width, n_classes)


@final
class TokenHead(nn.Module):
    """A linear layer at each step, and one more output that is 1 where there is a step and 0 where a row has
    ended: outputs alone say how long a row is."""

    def __init__(self, width: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, n_classes)

    def forward(self, features: Steps) -> Tensor:
        """B x L x (K + 1)."""
        known_BL1 = features.known_BL[..., None]
        outputs_BLK = self.linear(features.values_BLW.masked_fill(~known_BL1, 0.0))
        return torch.cat([outputs_BLK, known_BL1.to(outputs_BLK.dtype)], dim=-1)
