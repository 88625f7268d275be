"""Aligned-MTL (Senushkin et al. 2023)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions
from mtl_search.weighting.base import PreferenceOptions

if TYPE_CHECKING:
    from torchjd.aggregation import AlignedMTL


@final
class AlignedMtlConfig(PreferenceOptions, AggregatorOptions):
    """The gradients made orthogonal and of one length, then averaged (Senushkin et al. 2023).

    The length is the smallest, the median or the root mean square of the principal components, as
    ``scale_mode`` says. ``weights`` are those of the average.
    """

    name: Literal["aligned_mtl"] = "aligned_mtl"
    scale_mode: Literal["min", "median", "rmse"] = "min"

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "AlignedMTL":
        from torchjd.aggregation import AlignedMTL

        return AlignedMTL(self.preference(present, device), self.scale_mode)
