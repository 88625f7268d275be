"""The projection of gradient episodic memory (Lopez-Paz and Ranzato 2017)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from typing_extensions import override

from mtl_search.weighting.aggregator import ProjectionOptions

if TYPE_CHECKING:
    from torchjd.aggregation import DualProj


@final
class DualProjConfig(ProjectionOptions):
    """The mean gradient is projected onto the cone in which no loss rises (Lopez-Paz and Ranzato 2017).

    ``weights`` say how gradients are averaged.
    """

    name: Literal["dualproj"] = "dualproj"

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "DualProj":
        from torchjd.aggregation import DualProj

        return DualProj(self.preference(present, device), self.projector())
