"""The encoder of tables: numbers as they are or embedded, an embedding for each categorical column."""

# B rows of a batch, F features, E embedded features of all columns, W embedding weights

from typing import Literal, final

import torch
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.features import VectorSpec
from mtl_search.model.encoders.encoder import Encoder, cannot_read
from mtl_search.model.encoders.numbers import Columns, NumbersConfig, Plain
from mtl_search.model.encoders.numbers.embedding import Embedding
from mtl_search.model.part import Size

__all__ = ["TableConfig", "TableEncoder", "embedding_dims"]

PLAIN = Plain()

EmbeddingDim = Size | Literal["auto"]


@final
class TableConfig(Encoder):
    """Numbers in the form that ``numeric`` says, and embeddings of ``embedding_dim``, side by side.

    >>> TableConfig(embedding_dim=4).features(InputShape(n_numeric=3, cardinalities=(2, 9)))
    VectorSpec(width=11)
    """

    name: Literal["table"] = "table"
    numeric: NumbersConfig = PLAIN
    embedding_dim: EmbeddingDim = "auto"

    @override
    def features(self, shape: InputShape) -> VectorSpec:
        return VectorSpec(sum(self.chunks(shape)))

    @override
    def chunks(self, shape: InputShape) -> tuple[int, ...]:
        if not shape.is_table:
            raise cannot_read(shape, "table", "numbers and levels alone")
        of_numbers = Columns.chunks(self.numeric, shape.quantiles)
        return of_numbers + embedding_dims(shape, self.embedding_dim)

    @override
    def build(self, shape: InputShape) -> nn.Module:
        return TableEncoder(shape, self.embedding_dim, self.numeric)


def embedding_dims(shape: InputShape, embedding_dim: EmbeddingDim) -> tuple[int, ...]:
    """The width of each categorical column's embedding.

    ``auto`` is the rule of fastai (Howard and Gugger 2020), 1.6 times the cardinality to the power of 0.56,
    here at most 50.

    >>> embedding_dims(InputShape(0, (3, 10, 1000)), "auto")
    (3, 6, 50)
    """
    if embedding_dim == "auto":
        return tuple(min(50, round(1.6 * cardinality**0.56)) for cardinality in shape.cardinalities)
    return (embedding_dim,) * len(shape.cardinalities)


@final
class TableEncoder(nn.Module):
    """Numbers and embeddings side by side.

    The embeddings of all columns lie in one vector and are read by one look-up of single values: on tables
    of this size that takes less than half the time of one look-up per column. Values start uniform within
    1 / sqrt(width) as in Gorishniy et al. 2021, those of level 0 at zero: a level that training never saw
    adds nothing.
    """

    start_E: Tensor
    step_E: Tensor
    column_E: Tensor

    def __init__(
        self, shape: InputShape, embedding_dim: EmbeddingDim = "auto", numeric: Embedding = PLAIN
    ) -> None:
        super().__init__()
        self.numbers = Columns(numeric, shape.quantiles)
        dims = embedding_dims(shape, embedding_dim)
        sizes = [cardinality * dim for cardinality, dim in zip(shape.cardinalities, dims, strict=True)]
        self.n_numeric, self.n_embedded = shape.n_numeric, sum(dims)
        self.weight_W = nn.Parameter(torch.empty(sum(sizes))) if dims else None
        if self.weight_W is not None:
            for block, dim in zip(torch.split(self.weight_W.detach(), sizes), dims, strict=True):
                block.uniform_(-(dim**-0.5), dim**-0.5)[:dim] = 0.0
        places = [(sum(sizes[:c]) + i, dim, c) for c, dim in enumerate(dims) for i in range(dim)]
        start_E, step_E, column_E = torch.tensor(places, dtype=torch.int64).reshape(-1, 3).T.contiguous()
        self.register_buffer("start_E", start_E, persistent=False)
        self.register_buffer("step_E", step_E, persistent=False)
        self.register_buffer("column_E", column_E, persistent=False)

    def forward(self, inputs: Inputs) -> Tensor:
        """The features_BF of a batch."""
        numbers: Tensor = self.numbers(inputs["numeric"])
        if self.weight_W is None:
            return numbers
        index_BE = torch.addcmul(self.start_E, inputs["categorical"][:, self.column_E], self.step_E)
        embedded_BE = self.weight_W[index_BE]
        return torch.cat([numbers, embedded_BE], dim=1) if self.n_numeric else embedded_BE
