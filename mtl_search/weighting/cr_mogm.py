"""Correlation-reduced weights (Zhou et al. 2022, CR-MOGM)."""

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, final

import torch
from pydantic import Field
from typing_extensions import override

from mtl_search.weighting.aggregator import RememberingOptions
from mtl_search.weighting.aligned_mtl import AlignedMtlConfig
from mtl_search.weighting.cagrad import CaGradConfig
from mtl_search.weighting.dualproj import DualProjConfig
from mtl_search.weighting.fairgrad import FairGradConfig
from mtl_search.weighting.imtl_g import ImtlGConfig
from mtl_search.weighting.mgda import MgdaConfig
from mtl_search.weighting.pcgrad import PcGradConfig
from mtl_search.weighting.upgrad import UpGradConfig

if TYPE_CHECKING:
    from torchjd.aggregation import GramianWeightedAggregator

Smoothable: TypeAlias = Annotated[
    AlignedMtlConfig
    | CaGradConfig
    | DualProjConfig
    | FairGradConfig
    | ImtlGConfig
    | MgdaConfig
    | PcGradConfig
    | UpGradConfig,
    Field(discriminator="name"),
]
"""The aggregators that choose weights by the inner products of the gradients, and forget them."""


@final
class CrMogmConfig(RememberingOptions):
    """The weights of another aggregator, ``of``, averaged over batches (Zhou et al. 2022, CR-MOGM).

    ``alpha`` is the weight of the past in the running average.
    """

    name: Literal["cr_mogm"] = "cr_mogm"
    alpha: float = Field(default=0.9, ge=0.0, le=1.0)
    of: Smoothable = MgdaConfig()

    @override
    def check(self, members: tuple[str, ...]) -> None:
        self.of.check(members)

    @override
    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "GramianWeightedAggregator":
        from torchjd.aggregation import CRMOGMWeighting, GramianWeightedAggregator

        inner = self.of.aggregator(members, device).gramian_weighting
        return GramianWeightedAggregator(CRMOGMWeighting(inner, self.alpha))
