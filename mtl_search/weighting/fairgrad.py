"""Alpha-fair resource allocation among the tasks (Ban and Ji 2024)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import PositiveFloat, PositiveInt
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import FairGrad


@final
class FairGradConfig(AggregatorOptions):
    """Alpha-fair progress of the tasks (Ban and Ji 2024): 1 is proportional, large is max-min fair."""

    name: Literal["fairgrad"] = "fairgrad"
    alpha: PositiveFloat = 1.0
    max_iters: PositiveInt | None = None

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "FairGrad":
        from torchjd.aggregation import FairGrad

        return FairGrad(self.alpha, self.max_iters)
