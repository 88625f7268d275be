"""The multiple-gradient descent algorithm (Désidéri 2012)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import PositiveFloat, PositiveInt
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import MGDA


@final
class MgdaConfig(AggregatorOptions):
    """The shortest of the weighted means of the gradients (Désidéri 2012, Sener and Koltun 2018)."""

    name: Literal["mgda"] = "mgda"
    epsilon: PositiveFloat = 1e-3
    max_iters: PositiveInt = 100

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "MGDA":
        from torchjd.aggregation import MGDA

        return MGDA(self.epsilon, self.max_iters)
