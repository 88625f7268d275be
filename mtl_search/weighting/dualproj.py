"""The projection of gradient episodic memory (Lopez-Paz and Ranzato 2017)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import NonNegativeFloat
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions
from mtl_search.weighting.base import PreferenceOptions

if TYPE_CHECKING:
    from torchjd.aggregation import DualProj


@final
class DualProjConfig(PreferenceOptions, AggregatorOptions):
    """The mean gradient is projected onto the cone in which no loss rises (Lopez-Paz and Ranzato 2017).

    ``weights`` say how gradients are averaged. ``norm_eps`` and ``reg_eps`` keep the quadratic program
    solvable.
    """

    name: Literal["dualproj"] = "dualproj"
    norm_eps: NonNegativeFloat = 1e-4
    reg_eps: NonNegativeFloat = 1e-4

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "DualProj":
        from torchjd.aggregation import DualProj
        from torchjd.linalg import QuadprogProjector

        projector = QuadprogProjector(norm_eps=self.norm_eps, reg_eps=self.reg_eps)
        return DualProj(self.preference(present, device), projector)
