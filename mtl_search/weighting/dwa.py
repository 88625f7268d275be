"""Dynamic weight average (Liu et al. 2019): tasks whose loss falls slowly weigh more."""

# M members of the network

from collections.abc import Callable
from typing import Literal

import torch
from pydantic import PositiveFloat
from torch import Tensor, nn

from mtl_search.weighting.base import Losses, Sharing, Weighting, WeightingOptions, Weights

__all__ = ["DwaConfig", "DwaWeighting"]


class DwaWeighting(Weighting):
    """Weights of an epoch from the two before: the softmax of each task's ratio of mean losses.

    TorchJD's DWA averages over all calls and weighs anew in each; here a mean is taken over the batches in
    which the member had labels (a member without any keeps its last mean), and weights are computed once
    an epoch.
    """

    def __init__(self, members: tuple[str, ...], temperature: float) -> None:
        self._temperature = temperature
        self._weights = {name: torch.tensor(1.0) for name in members}
        self._sums: dict[str, Tensor] = {}
        self._counts = dict.fromkeys(members, 0)
        self._means: list[dict[str, Tensor]] = []

    def backward(self, losses: Losses, network: Sharing) -> Weights:
        """Add the gradient of the weighted sum, and remember the losses."""
        for name, loss in losses.items():
            self._sums[name] = self._sums[name] + loss.detach() if name in self._sums else loss.detach()
            self._counts[name] += 1
        torch.autograd.backward(list(losses.values()), [self._weights[name] for name in losses])
        return self._weights

    def after_epoch(self) -> None:
        """Weigh by how the mean loss of this epoch compares with that of the one before."""
        before = self._means[-1] if self._means else {}
        now = before | {name: total / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, dict.fromkeys(self._counts, 0)
        self._means = [*self._means, now][-2:]
        if len(self._means) == 2:
            ratios_M = torch.stack(
                [
                    now[name] / before[name] if name in before else torch.ones_like(weight)
                    for name, weight in self._weights.items()
                ]
            )
            weights_M = len(ratios_M) * torch.softmax(ratios_M / self._temperature, dim=0)
            self._weights = dict(zip(self._weights, weights_M.unbind(), strict=True))

    def parameters(self) -> list[nn.Parameter]:
        """None."""
        return []

    def after_step(self, losses: Callable[[], Losses]) -> None:
        """Nothing to do."""

    def to(self, device: torch.device | str) -> None:
        """Move the weights; what is remembered comes from the losses."""
        self._weights = {name: weight.to(device) for name, weight in self._weights.items()}


class DwaConfig(WeightingOptions):
    """Dynamic weight average; the higher ``temperature``, the more equal the weights."""

    name: Literal["dwa"] = "dwa"
    temperature: PositiveFloat = 2.0

    def build(self, members: tuple[str, ...]) -> DwaWeighting:
        """The weighting for these members."""
        return DwaWeighting(members, self.temperature)
