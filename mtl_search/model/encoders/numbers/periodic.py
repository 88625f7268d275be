"""Periodic embeddings: for each column sines and cosines of frequencies that are learned."""

# B rows of a batch, F columns, K frequencies, D features of a column

import math
from typing import Literal, final

import torch
from pydantic import PositiveFloat
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.model.encoders.numbers.embedding import Embedding, Quantiles
from mtl_search.model.part import Size

__all__ = ["Periodic", "PeriodicEmbedding"]


@final
class Periodic(Embedding):
    """``frequencies`` of each column that start with standard deviation ``sigma``, and ``width`` features.

    >>> Periodic(width=4).build(((0.0, 1.0, 2.0),))(torch.zeros(3, 1)).shape
    torch.Size([3, 4])
    """

    name: Literal["plr"] = "plr"
    frequencies: Size = 16
    sigma: PositiveFloat = 0.1
    width: Size = 8

    @override
    def chunk(self) -> int:
        return self.width

    @override
    def build(self, quantiles: Quantiles) -> nn.Module | None:
        return PeriodicEmbedding(len(quantiles), self.frequencies, self.sigma, self.width)


@final
class PeriodicEmbedding(nn.Module):
    """``relu(V [cos(2 pi c x), sin(2 pi c x)] + b)``, each column with its own ``c``, ``V`` and ``b``
    (Gorishniy et al. 2022, section 3.3: periodic, linear, ReLU).

    ``c`` is drawn from a normal distribution and, other than in the paper, never beyond three of its
    standard deviations, as in the authors' package.
    """

    def __init__(self, columns: int, frequencies: int, sigma: float, width: int) -> None:
        super().__init__()
        self.frequency_F1K = nn.Parameter(torch.empty(columns, 1, frequencies))
        nn.init.trunc_normal_(self.frequency_F1K, std=sigma, a=-3 * sigma, b=3 * sigma)
        bound = (2 * frequencies) ** -0.5
        shape = columns, 2 * frequencies, width
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias_F1D = nn.Parameter(torch.empty(columns, 1, width).uniform_(-bound, bound))

    def forward(self, numbers_BF: Tensor) -> Tensor:
        """The features of all columns side by side."""
        angles_FBK = 2 * math.pi * self.frequency_F1K * numbers_BF.T.unsqueeze(-1)
        waves = torch.cat([angles_FBK.cos(), angles_FBK.sin()], dim=-1)
        return torch.baddbmm(self.bias_F1D, waves, self.weight).relu().transpose(0, 1).flatten(1)
