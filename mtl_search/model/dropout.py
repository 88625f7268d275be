"""Dropout (Srivastava et al. 2014) that draws from a generator of its own."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Dropout"]


@final
class Dropout(nn.Module):
    """In training each value is 0 with probability ``rate`` and else divided by ``1 - rate``.

    On the CPU ``generator`` gives the numbers that ``F.dropout`` draws from the same state; without one they
    come from PyTorch's global generator.
    """

    def __init__(self, rate: float, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.rate, self.generator = rate, generator

    def forward(self, features: Tensor) -> Tensor:
        """The features, some of them dropped."""
        if not self.training or not self.rate:
            return features
        if self.generator is None:
            return F.dropout(features, self.rate)
        kept = torch.empty_like(features).bernoulli_(1 - self.rate, generator=self.generator)
        return features * kept.div_(1 - self.rate)

    def extra_repr(self) -> str:
        """The rate."""
        return f"rate={self.rate}"
