"""Weights that the network's optimiser learns with it: uncertainty weighting and IMTL-L."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from mtl_search.weighting.base import Losses, Sharing, Weighting, WeightingOptions, Weights
from mtl_search.weighting.gradients import backward_scalarized

if TYPE_CHECKING:
    from torchjd.scalarization import Scalarizer

__all__ = ["ImtlLConfig", "LearnedWeighting", "UncertaintyConfig"]


class LearnedWeighting(Weighting):
    """The sum over members of a scalarizer of one loss and one learned value.

    Both methods are such sums, so each member has a scalarizer of its own: one that is missing from a batch
    has no gradient, and an optimiser leaves its value alone, momentum included.
    """

    def __init__(self, scalarizers: "Mapping[str, Scalarizer]") -> None:
        self._scalarizers = dict(scalarizers)

    def backward(self, losses: Losses, network: Sharing) -> Weights:
        """Add the gradients by the network's parameters and by the learned values."""

        def scalarize(losses_T: Tensor) -> Tensor:
            values = zip(losses, losses_T.unbind(), strict=True)
            return torch.stack([self._scalarizers[name](value) for name, value in values]).sum()

        return backward_scalarized(scalarize, losses)

    def parameters(self) -> list[nn.Parameter]:
        """One value for each member."""
        return [value for scalarizer in self._scalarizers.values() for value in scalarizer.parameters()]

    def after_step(self, losses: Callable[[], Losses]) -> None:
        """Nothing to do."""

    def after_epoch(self) -> None:
        """Nothing to do."""

    def to(self, device: torch.device | str) -> None:
        """Move the learned values, which stay the same parameters."""
        for scalarizer in self._scalarizers.values():
            scalarizer.to(device)


class UncertaintyConfig(WeightingOptions):
    """Weights exp(-s) / 2 with a learned log variance s (Kendall et al. 2018), which start at one half."""

    name: Literal["uncertainty"] = "uncertainty"

    def build(self, members: tuple[str, ...]) -> LearnedWeighting:
        """The weighting for these members."""
        from torchjd.scalarization import UW

        return LearnedWeighting({name: UW(()) for name in members})


class ImtlLConfig(WeightingOptions):
    """Weights exp(s) with a learned log scale s (Liu et al. 2021, IMTL-L), which start at 1."""

    name: Literal["imtl_l"] = "imtl_l"

    def build(self, members: tuple[str, ...]) -> LearnedWeighting:
        """The weighting for these members."""
        from torchjd.scalarization import IMTLL

        return LearnedWeighting({name: IMTLL(()) for name in members})
