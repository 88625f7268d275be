"""The numbers of a row as features: those that stay as they are, then the embeddings of the others."""

# B rows of a batch, N numbers, F columns that are embedded

from typing import final

import torch
from torch import Tensor, nn

from mtl_search.model.encoders.numbers.embedding import Embedding, Quantiles

__all__ = ["Columns"]


@final
class Columns(nn.Module):
    """Every column with quantiles embedded, the others in front of them as they are.

    >>> from mtl_search.model.encoders.numbers.piecewise import PiecewiseLinear
    >>> Columns.chunks(PiecewiseLinear(width=4), ((0.0, 1.0, 2.0), (), ()))
    (1, 1, 4)
    """

    raw: Tensor
    embedded: Tensor

    def __init__(self, embedding: Embedding, quantiles: Quantiles) -> None:
        super().__init__()
        raw = [at for at, points in enumerate(quantiles) if not points]
        embedded = [at for at, points in enumerate(quantiles) if points]
        self.embedding = embedding.build(tuple(filter(None, quantiles))) if embedded else None
        self.register_buffer("raw", torch.tensor(raw, dtype=torch.int64), persistent=False)
        self.register_buffer("embedded", torch.tensor(embedded, dtype=torch.int64), persistent=False)

    @staticmethod
    def chunks(embedding: Embedding, quantiles: Quantiles) -> tuple[int, ...]:
        """How many features come of each column, in their order."""
        embedded = sum(map(bool, quantiles))
        return (1,) * (len(quantiles) - embedded) + (embedding.chunk(),) * embedded

    def forward(self, numbers_BN: Tensor) -> Tensor:
        """The features of a batch, in the order of ``chunks``."""
        if self.embedding is None:  # every column in its place
            return numbers_BN
        embedded = self.embedding(numbers_BN.index_select(1, self.embedded))
        return torch.cat([numbers_BN.index_select(1, self.raw), embedded], dim=1)
