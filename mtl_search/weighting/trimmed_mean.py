"""The trimmed mean of the gradients (Yin et al. 2018)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import PositiveInt
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import TrimmedMean


@final
class TrimmedMeanConfig(AggregatorOptions):
    """The mean of each value without its ``trim`` largest and smallest (Yin et al. 2018).

    Of 2 ``trim`` members or fewer, as many are trimmed as leave one or two.
    """

    name: Literal["trimmed_mean"] = "trimmed_mean"
    trim: PositiveInt = 1

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "TrimmedMean":
        from torchjd.aggregation import TrimmedMean

        return TrimmedMean(min(self.trim, (len(present) - 1) // 2))
