"""Losses made one number by a function without memory: TorchJD's scalarizers that decide per batch."""

# T tasks with labels in the batch

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, WeightingOptions, Weights
from mtl_search.weighting.gradients import backward_scalarized

__all__ = ["Scalarize", "ScalarizerOptions", "ScalarizerWeighting"]

Scalarize: TypeAlias = Callable[[Tensor], Tensor]


@final
class ScalarizerWeighting(Weighting):
    """One scalarizer for each set of members that had labels together, built when the set is first seen.

    So a scalarizer of fixed shape meets only losses of its shape, and one that averages does so over the
    members present. A weight is the derivative of the scalar by the loss.
    """

    def __init__(self, build: Callable[[tuple[str, ...], torch.device], Scalarize]) -> None:
        super().__init__()
        self._build = build
        self._scalarizers: dict[tuple[str, ...], Scalarize] = {}

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        present = tuple(losses)
        if present not in self._scalarizers:
            self._scalarizers[present] = self._build(present, losses[present[0]].device)
        return backward_scalarized(self._scalarizers[present], losses)


class ScalarizerOptions(WeightingOptions):
    """Options of a scalarizer."""

    @abstractmethod
    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        """The scalarizer of the members present."""

    @override
    def build(self, members: tuple[str, ...]) -> ScalarizerWeighting:
        self.check(members)
        return ScalarizerWeighting(self.scalarizer)
