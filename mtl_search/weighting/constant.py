"""Weights that stay what they are: the base of ``equal``, ``mean`` and ``fixed``."""

# M members of the network

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, Weights


@final
class ConstantWeighting(Weighting):
    """The sum of the losses times constants; a member without labels takes nothing from the others.

    The weights go into the backward pass as the gradients of the losses, so that not even their sum is
    computed.
    """

    weights_M: Tensor

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self._weights = dict(weights)
        self.register_buffer("weights_M", torch.tensor(list(weights.values())))

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        gradients = dict(zip(self._weights, self.weights_M.unbind(), strict=True))
        torch.autograd.backward(list(losses.values()), [gradients[name] for name in losses])
        return self._weights
