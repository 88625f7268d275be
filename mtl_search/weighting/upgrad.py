"""UPGrad (Quinton and Rey 2024)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import NonNegativeFloat
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions
from mtl_search.weighting.base import PreferenceOptions

if TYPE_CHECKING:
    from torchjd.aggregation import UPGrad


@final
class UpGradConfig(PreferenceOptions, AggregatorOptions):
    """Each gradient is projected onto the cone in which no loss rises (Quinton and Rey 2024, UPGrad).

    ``weights`` say how the projections are averaged. ``norm_eps`` and ``reg_eps`` keep the quadratic program
    solvable.
    """

    name: Literal["upgrad"] = "upgrad"
    norm_eps: NonNegativeFloat = 1e-4
    reg_eps: NonNegativeFloat = 1e-4

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "UPGrad":
        from torchjd.aggregation import UPGrad
        from torchjd.linalg import QuadprogProjector

        projector = QuadprogProjector(norm_eps=self.norm_eps, reg_eps=self.reg_eps)
        return UPGrad(self.preference(present, device), projector)
