"""The encoder of tables: standardised numbers as they are, an embedding for each categorical column."""

# B rows of a batch, F features, C categorical columns

import math
from typing import Literal

import torch
from torch import Tensor, nn

from mtl_search.data.rows import Inputs, InputShape

__all__ = ["EmbeddingDim", "TableEncoder", "encoded_width"]

EmbeddingDim = int | Literal["auto"]


def embedding_dims(shape: InputShape, embedding_dim: EmbeddingDim) -> tuple[int, ...]:
    """The width of each categorical column's embedding.

    ``auto`` is fastai's rule, fitted to what its authors found to work on tables (Howard and Gugger 2020):
    1.6 times the cardinality to the power of 0.56, here at most 50.

    >>> embedding_dims(InputShape(0, (3, 10, 1000)), "auto")
    (3, 6, 50)
    """
    if embedding_dim == "auto":
        return tuple(min(50, math.ceil(1.6 * cardinality**0.56 - 0.5)) for cardinality in shape.cardinalities)
    return (embedding_dim,) * len(shape.cardinalities)


def encoded_width(shape: InputShape, embedding_dim: EmbeddingDim) -> int:
    """The number of features that the encoder puts out."""
    return shape.n_numeric + sum(embedding_dims(shape, embedding_dim))


class TableEncoder(nn.Module):
    """Numbers and embeddings side by side."""

    def __init__(self, shape: InputShape, embedding_dim: EmbeddingDim = "auto") -> None:
        super().__init__()
        dims = embedding_dims(shape, embedding_dim)
        self.embeddings = nn.ModuleList(
            _embedding(cardinality, dim) for cardinality, dim in zip(shape.cardinalities, dims, strict=True)
        )

    def forward(self, inputs: Inputs) -> Tensor:
        """The features_BF of a batch."""
        if not len(self.embeddings):
            return inputs["numeric"]
        columns = inputs["categorical"].unbind(dim=1)
        embedded = [embed(column) for embed, column in zip(self.embeddings, columns, strict=True)]
        return torch.cat([inputs["numeric"], *embedded], dim=1)


def _embedding(cardinality: int, dim: int) -> nn.Embedding:
    embedding = nn.Embedding(cardinality, dim)
    nn.init.uniform_(embedding.weight, -(dim**-0.5), dim**-0.5)
    return embedding
