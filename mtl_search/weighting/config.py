"""Conflict-free inverse gradients (Liu et al. 2024, ConFIG)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions
from mtl_search.weighting.base import PreferenceOptions

if TYPE_CHECKING:
    from torchjd.aggregation import ConFIG


@final
class ConfigConfig(PreferenceOptions, AggregatorOptions):
    """The direction that has the same cosine with every gradient (Liu et al. 2024, ConFIG).

    ``weights`` are the ratios of these cosines.
    """

    name: Literal["config"] = "config"

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "ConFIG":
        from torchjd.aggregation import ConFIG

        return ConFIG(self.preference(present, device))
