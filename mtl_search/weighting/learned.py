"""Weights that the network's optimiser learns with it: the base of ``uncertainty`` and ``imtl_l``."""

# T tasks with labels in the batch

from collections.abc import Callable
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, Weights
from mtl_search.weighting.gradients import backward_scalarized

if TYPE_CHECKING:
    from torchjd.scalarization import Scalarizer


@final
class LearnedWeighting(Weighting):
    """The sum over members of a scalarizer of one loss and one learned value.

    Both methods are such sums, so each member has a scalarizer of its own: one that is missing from a batch
    has no gradient, and an optimiser leaves its value alone, momentum included.
    """

    def __init__(self, members: tuple[str, ...], scalarizer: "Callable[[], Scalarizer]") -> None:
        super().__init__()
        self._members = members
        self._scalarizers = nn.ModuleList(scalarizer() for _ in members)

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        scalarizers = dict(zip(self._members, self._scalarizers, strict=True))

        def scalarize(losses_T: Tensor) -> Tensor:
            values = zip(losses, losses_T.unbind(), strict=True)
            return torch.stack([scalarizers[name](value) for name, value in values]).sum()

        return backward_scalarized(scalarize, losses)
