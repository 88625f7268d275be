"""Gradient vaccine (Wang et al. 2021)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import Field, NonNegativeFloat
from typing_extensions import override

from mtl_search.weighting.aggregator import RememberingOptions

if TYPE_CHECKING:
    from torchjd.aggregation import GradVac


@final
class GradVacConfig(RememberingOptions):
    """Gradients are turned until they are as similar as they were on average (Wang et al. 2021, GradVac).

    ``beta`` is the weight of the newest batch in the running cosines.
    """

    name: Literal["gradvac"] = "gradvac"
    beta: float = Field(default=0.5, ge=0.0, le=1.0)
    eps: NonNegativeFloat = 1e-8

    @override
    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "GradVac":
        from torchjd.aggregation import GradVac

        return GradVac(self.beta, self.eps)
