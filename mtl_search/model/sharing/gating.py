"""A gate: how much of each expert goes into a mixture, row by row."""

# B rows, E experts, G mixtures; X: the features that an expert makes, whatever their axes

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from mtl_search.features import Features, FeatureSpec, Steps, linear_on
from mtl_search.model.dropout import Dropout

__all__ = ["Gating", "mix"]


@final
class Gating(nn.Module):
    """``softmax((W x + b) / temperature)`` over the experts, x the features or their mean over positions.

    A high temperature makes the weights alike, one near 0 picks a single expert. The papers' gates have no b:
    with it, a task may prefer an expert whatever the row.

    ``dropout`` drops whole experts (Zhao et al. 2019): in training each of them is out with this probability,
    in every row and for every gate anew, and the weights of the others are divided by their sum. A row that
    would lose all of them keeps all. So a gate cannot settle on one expert before the others have learned.
    """

    def __init__(self, spec: FeatureSpec, n_experts: int, temperature: float, dropout: float) -> None:
        super().__init__()
        self.linear = linear_on(spec, n_experts)
        self.temperature = temperature
        self.dropout = Dropout(dropout)

    def forward(self, features: Features) -> Tensor:
        """The weights_BE."""
        logits_BE: Tensor = self.linear(features).float() / self.temperature
        if self.training and self.dropout.rate:
            kept_BE = self.dropout(torch.ones_like(logits_BE)) > 0
            kept_BE |= ~kept_BE.any(dim=1, keepdim=True)
            logits_BE = logits_BE.masked_fill(~kept_BE, -torch.inf)
        return logits_BE.softmax(dim=1)


def mix(weights_BGE: Tensor, made: Sequence[Features]) -> tuple[Features, ...]:
    """G mixtures of what E experts made, each B x X; which steps of a sequence are known stays."""
    values = [each.values_BLW if isinstance(each, Steps) else each for each in made]
    mixed = _mix(weights_BGE, values)
    if isinstance(first := made[0], Steps):
        return tuple(Steps(each, first.known_BL) for each in mixed)
    return mixed


def _mix(weights_BGE: Tensor, made: Sequence[Tensor]) -> tuple[Tensor, ...]:
    made_BEX = torch.stack(list(made), dim=1)
    mixed_BGX = torch.bmm(weights_BGE.to(made_BEX.dtype), made_BEX.flatten(2))
    return torch.unflatten(mixed_BGX, 2, made_BEX.shape[2:]).unbind(dim=1)
