"""Copies of a row through one body: an ensemble at the price of its computations (TabM-mini)."""

# B rows of a batch, C copies, R = C x B rows copy by copy, F features, K outputs of a task

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor, nn

from mtl_search.features import Features

__all__ = ["Copies", "all_of", "heads_of"]


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
        copies, width = self.factors_CF.shape
        return (self.factors_CF[:, None] * features_BF).view(copies * features_BF.shape[0], width)

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
        return _packed(features_RF, self.weights_CFK, self.biases_C1K)


def all_of(heads: Sequence[tuple[nn.Module, Features]]) -> list[Tensor]:
    """The outputs_RK of each head on its features.

    Packed heads that read the same features are computed together: with the body's wide features, reading
    them once for all tasks is what counts.
    """
    same: dict[int, list[int]] = defaultdict(list)
    for at, (head, features) in enumerate(heads):
        same[id(features) if isinstance(head, PackedHeads) else -1 - at].append(at)
    outputs: dict[int, Tensor] = {}
    for places in same.values():
        (head, features), *others = (heads[at] for at in places)
        if not others:
            outputs[places[0]] = head(features)
            continue
        packed = [one for at in places if isinstance(one := heads[at][0], PackedHeads)]
        weights = torch.cat([one.weights_CFK for one in packed], dim=2)
        biases = torch.cat([one.biases_C1K for one in packed], dim=2)
        widths = [one.weights_CFK.shape[2] for one in packed]
        outputs.update(zip(places, _packed(features, weights, biases).split(widths, dim=1), strict=True))
    return [outputs[at] for at in range(len(heads))]


def _packed(features_RF: Features, weights_CFK: Tensor, biases_C1K: Tensor) -> Tensor:
    assert isinstance(features_RF, Tensor)
    copies, width, n_outputs = weights_CFK.shape
    rows = features_RF.shape[0] // copies
    if torch.compiler.is_exporting():  # which knows no view that undoes another, for any number of rows
        features_CBF = torch.stack(features_RF.tensor_split(copies))
    else:
        features_CBF = features_RF.view(copies, rows, width)
    return torch.baddbmm(biases_C1K, features_CBF, weights_CFK).view(copies * rows, n_outputs)


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
