"""Conflict-averse gradient descent (Liu et al. 2021)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import NonNegativeFloat
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import CAGrad


@final
class CaGradConfig(AggregatorOptions):
    """Within ``c`` lengths of the mean gradient, what helps the worst task most (Liu et al. 2021)."""

    name: Literal["cagrad"] = "cagrad"
    c: NonNegativeFloat = 0.5
    norm_eps: NonNegativeFloat = 1e-4

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "CAGrad":
        from torchjd.aggregation import CAGrad

        return CAGrad(self.c, self.norm_eps)
