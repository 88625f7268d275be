"""Dynamic weight average (Liu et al. 2019): tasks whose loss falls slowly weigh more."""

# M members of the network

from typing import Literal, final

import torch
from pydantic import PositiveFloat
from torch import Tensor
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, WeightingOptions, Weights

__all__ = ["DwaConfig", "DwaWeighting"]


@final
class DwaWeighting(Weighting):
    """Weights of an epoch from the two before: the softmax of each task's ratio of mean losses.

    TorchJD's DWA averages over all calls and weighs anew in each; here a mean is taken over the batches in
    which the member had labels (a member without any keeps its last mean), and weights are computed once
    an epoch.
    """

    weights_M: Tensor

    def __init__(self, members: tuple[str, ...], temperature: float) -> None:
        super().__init__()
        self._members, self._temperature = members, temperature
        self.register_buffer("weights_M", torch.ones(len(members)))
        self._sums: dict[str, Tensor] = {}
        self._counts = dict.fromkeys(members, 0)
        self._means: list[dict[str, Tensor]] = []

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        for name, loss in losses.items():
            self._sums[name] = self._sums[name] + loss.detach() if name in self._sums else loss.detach()
            self._counts[name] += 1
        weights = dict(zip(self._members, self.weights_M.unbind(), strict=True))
        torch.autograd.backward(list(losses.values()), [weights[name] for name in losses])
        return weights

    @override
    def after_epoch(self) -> None:
        before = self._means[-1] if self._means else {}
        now = before | {name: total / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, dict.fromkeys(self._counts, 0)
        self._means = [*self._means, now][-2:]
        if len(self._means) == 2:
            one = torch.ones_like(self.weights_M[0])
            ratios_M = torch.stack([now[n] / before[n] if n in before else one for n in self._members])
            self.weights_M = len(ratios_M) * torch.softmax(ratios_M / self._temperature, dim=0)


@final
class DwaConfig(WeightingOptions):
    """Dynamic weight average; the higher ``temperature``, the more equal the weights."""

    name: Literal["dwa"] = "dwa"
    temperature: PositiveFloat = 2.0

    @override
    def build(self, members: tuple[str, ...]) -> DwaWeighting:
        return DwaWeighting(members, self.temperature)
