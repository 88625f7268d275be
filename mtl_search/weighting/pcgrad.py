"""Gradient surgery (Yu et al. 2020, PCGrad)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import PCGrad


@final
class PcGradConfig(AggregatorOptions):
    """Each gradient is projected off those it conflicts with, in random order (Yu et al. 2020)."""

    name: Literal["pcgrad"] = "pcgrad"

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "PCGrad":
        from torchjd.aggregation import PCGrad

        return PCGrad()
