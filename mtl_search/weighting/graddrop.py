"""Gradient sign dropout (Chen et al. 2020)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import Field
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import GradDrop


@final
class GradDropConfig(AggregatorOptions):
    """Each value of the gradient keeps only one sign, drawn by how pure it is (Chen et al. 2020).

    ``leak`` is the part of every gradient that passes whatever its sign.
    """

    name: Literal["graddrop"] = "graddrop"
    leak: float = Field(default=0.0, ge=0.0, le=1.0)

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "GradDrop":
        from torchjd.aggregation import GradDrop

        return GradDrop(leak=torch.full((len(present),), self.leak, device=device))
