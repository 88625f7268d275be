"""Random weights (Lin et al. 2022, RLW)."""

# T tasks with labels in the batch

from typing import Literal, final

import torch
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, WeightingOptions, Weights

__all__ = ["RandomConfig", "RandomWeighting"]


@final
class RandomWeighting(Weighting):
    """The softmax of normal numbers that are drawn for each batch.

    As TorchJD's Random, which knows no generator.
    """

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        scalars = list(losses.values())
        weights_T = torch.randn(len(scalars), generator=self.generator).softmax(dim=0)
        weights = weights_T.to(scalars[0].device).unbind()
        torch.autograd.backward(scalars, list(weights))
        return dict(zip(losses, weights, strict=True))


@final
class RandomConfig(WeightingOptions):
    """Random positive weights that sum to 1, new for each batch (Lin et al. 2022, RLW)."""

    name: Literal["random"] = "random"

    @override
    def build(self, members: tuple[str, ...]) -> RandomWeighting:
        return RandomWeighting()
