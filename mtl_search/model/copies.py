"""Copies of a row through one body: an ensemble at the price of its computations (TabM-mini)."""

# B rows of a batch, C copies, R = C x B rows copy by copy, F features, K outputs of a task

import math
from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor, nn

__all__ = ["Copies", "heads_of", "rows_at_once"]


@final
class Copies(nn.Module):
    """Each copy of the encoded rows, times a learned factor a feature: x_c = r_c * x.

    "TabM: advancing tabular deep learning with parameter-efficient ensembling" (Gorishniy, Kotelnikov and
    Babenko, ICLR 2025) in its simplest form, TabM-mini: the factors and the heads are all that a copy has for
    itself. The factors start as random signs, one for all features that come from one column (``chunks``,
    their widths), so that no two copies learn the same.

    The package `tabm` draws normal factors instead where numbers are embedded, and keeps the copies of a row
    side by side. Here they stay apart, copy by copy: each head then reads a block of its own.
    """

    def __init__(self, copies: int, chunks: Sequence[int]) -> None:
        super().__init__()
        signs = 2.0 * torch.bernoulli(torch.full((copies, len(chunks)), 0.5)) - 1.0
        widths = torch.tensor(chunks, device=signs.device)
        self.factors_CF = nn.Parameter(signs.repeat_interleave(widths, dim=1, output_size=sum(chunks)))

    def forward(self, features_BF: Tensor) -> Tensor:
        """The features_RF of all copies."""
        return (self.factors_CF[:, None] * features_BF).flatten(0, 1)

    def extra_repr(self) -> str:
        """How many."""
        return f"copies={len(self.factors_CF)}"


def heads_of(build: Callable[[], nn.Module], copies: int) -> nn.Module:
    """A head for each copy, from features_RF to outputs_RK; of one copy it is what ``build`` makes."""
    heads = [build() for _ in range(copies)]
    if copies == 1:
        return heads[0]
    linear = [head for head in heads if isinstance(head, nn.Linear)]
    return PackedHeads(linear) if len(linear) == copies else SeparateHeads(heads)


@final
class PackedHeads(nn.Module):
    """Linear heads, computed as one."""

    def __init__(self, heads: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weights_CFK = nn.Parameter(torch.stack([head.weight.detach().T for head in heads]))
        self.biases_C1K = nn.Parameter(torch.stack([head.bias.detach()[None] for head in heads]))

    def forward(self, features_RF: Tensor) -> Tensor:
        """The outputs_RK."""
        copies, width, _ = self.weights_CFK.shape
        features_CBF = features_RF.view(copies, features_RF.shape[0] // copies, width)
        return torch.baddbmm(self.biases_C1K, features_CBF, self.weights_CFK).flatten(0, 1)


@final
class SeparateHeads(nn.Module):
    """Heads of any form, such as those of sequences."""

    def __init__(self, heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, features: Tensor) -> Tensor:
        """The outputs_RK of features whose first axis is R."""
        parts = features.chunk(len(self.heads))
        return torch.cat([head(part) for head, part in zip(self.heads, parts, strict=True)])


def rows_at_once(network: nn.Module, most: int) -> int:
    """How many rows may go through ``network`` in one pass, where without copies they may be ``most``."""
    copies = [module for module in network.modules() if isinstance(module, Copies)]
    return max(1, most // math.prod(len(module.factors_CF) for module in copies))
