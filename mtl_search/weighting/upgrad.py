"""UPGrad (Quinton and Rey 2024)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from typing_extensions import override

from mtl_search.weighting.aggregator import ProjectionOptions

if TYPE_CHECKING:
    from torchjd.aggregation import UPGrad


@final
class UpGradConfig(ProjectionOptions):
    """Each gradient is projected onto the cone in which no loss rises (Quinton and Rey 2024, UPGrad).

    ``weights`` say how the projections are averaged.
    """

    name: Literal["upgrad"] = "upgrad"

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "UPGrad":
        from torchjd.aggregation import UPGrad

        return UPGrad(self.preference(present, device), self.projector())
