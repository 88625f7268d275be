"""Piecewise-linear embeddings: for each column a function of its own that bends at quantiles of train."""

# B rows of a batch, F columns, T bins at most of a column, D features of a column

from typing import Literal, final

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data.inputs.numeric import STEPS
from mtl_search.model.encoders.numbers.embedding import Embedding, Quantiles
from mtl_search.model.part import Size

__all__ = ["PiecewiseLinear", "PiecewiseLinearEmbedding", "edges_of"]


@final
class PiecewiseLinear(Embedding):
    """``bins`` at most of equal shares of the train rows, and ``width`` features of each column.

    >>> PiecewiseLinear(bins=2, width=4).build(((0.0, 1.0, 5.0, 7.0, 9.0),))(torch.zeros(3, 1)).shape
    torch.Size([3, 4])
    """

    name: Literal["ple"] = "ple"
    bins: int = Field(default=48, ge=2, le=STEPS)
    width: Size = 8

    @override
    def chunk(self) -> int:
        return self.width

    @override
    def build(self, quantiles: Quantiles) -> nn.Module | None:
        return PiecewiseLinearEmbedding([edges_of(points, self.bins) for points in quantiles], self.width)


def edges_of(points: tuple[float, ...], bins: int) -> list[float]:
    """The edges of at most so many bins, each with an equal share of the rows; ties are one edge.

    >>> edges_of((0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 9.0), 3)
    [0.0, 2.0, 9.0]
    """
    last = len(points) - 1
    places = np.linspace(0, last, min(bins, last) + 1).round().astype(int)
    return sorted({points[place] for place in places})


@final
class PiecewiseLinearEmbedding(nn.Module):
    """``w x + b + V e(x)`` of each column, where ``e_t(x) = clip((x - l_t) / (r_t - l_t), 0, 1)`` for the bin
    from ``l_t`` to ``r_t`` (Gorishniy et al. 2022, equation 1).

    ``V`` starts at zero, so that a linear function is learned first and then bent, and there is no activation
    (Gorishniy et al. 2024, TabM, where it is version B). Departure: the outer bins are clipped too. Beyond
    the ends of train only ``w x`` goes on; the slope of an outer bin may be that of two rows next to each
    other.
    """

    left_F1T: Tensor
    slope_F1T: Tensor

    def __init__(self, edges: list[list[float]], width: int) -> None:
        super().__init__()
        bins = max(map(len, edges)) - 1
        left, slope = np.zeros((2, len(edges), 1, bins), np.float32)
        for column, of_column in enumerate(edges):
            left[column, 0, : len(of_column) - 1] = of_column[:-1]
            slope[column, 0, : len(of_column) - 1] = 1 / np.diff(of_column)
        self.register_buffer("left_F1T", torch.tensor(left), persistent=False)
        self.register_buffer("slope_F1T", torch.tensor(slope), persistent=False)
        bound = width**-0.5
        self.linear_F1D = nn.Parameter(torch.empty(len(edges), 1, width).uniform_(-bound, bound))
        self.bias_F1D = nn.Parameter(torch.empty(len(edges), 1, width).uniform_(-bound, bound))
        self.weight_FTD = nn.Parameter(torch.zeros(len(edges), bins, width))

    def forward(self, numbers_BF: Tensor) -> Tensor:
        """The features of all columns side by side."""
        numbers_FB1 = numbers_BF.T.unsqueeze(-1)
        encoded_FBT = ((numbers_FB1 - self.left_F1T) * self.slope_F1T).clamp(0, 1)
        linear_FBD = torch.addcmul(self.bias_F1D, self.linear_F1D, numbers_FB1)
        return torch.baddbmm(linear_FBD, encoded_FBT, self.weight_FTD).transpose(0, 1).flatten(1)
