"""Aggregators that remember earlier batches."""

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat

from mtl_search.errors import Mismatch
from mtl_search.weighting.aggregator import RememberingAggregatorWeighting
from mtl_search.weighting.balance import (
    AlignedMtlConfig,
    CaGradConfig,
    FairGradConfig,
    ImtlGConfig,
    MgdaConfig,
)
from mtl_search.weighting.base import WeightingOptions
from mtl_search.weighting.conflict import DualProjConfig, PcGradConfig, UpGradConfig

if TYPE_CHECKING:
    from torchjd.aggregation import PCD, ExcessMTL, GradVac, GramianWeightedAggregator

__all__ = ["CrMogmConfig", "ExcessMtlConfig", "GradVacConfig", "PcdConfig"]

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


class GradVacConfig(WeightingOptions):
    """Gradients are turned until they are as similar as they were on average (Wang et al. 2021, GradVac).

    ``beta`` is the weight of the newest batch in the running cosines.
    """

    name: Literal["gradvac"] = "gradvac"
    beta: float = Field(default=0.5, ge=0.0, le=1.0)
    eps: NonNegativeFloat = 1e-8

    def build(self, members: tuple[str, ...]) -> RememberingAggregatorWeighting:
        """The weighting for these members."""
        return RememberingAggregatorWeighting(members, self.aggregator)

    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "GradVac":
        """The aggregator of these members."""
        from torchjd.aggregation import GradVac

        return GradVac(self.beta, self.eps)


class ExcessMtlConfig(WeightingOptions):
    """Tasks farther from convergence weigh more, judged by their gradients (He et al. 2024).

    Weights stay equal for the first ``n_warmup_steps`` batches. A value is remembered for each member and
    shared parameter.
    """

    name: Literal["excess_mtl"] = "excess_mtl"
    robust_step_size: PositiveFloat = 1.0
    n_warmup_steps: NonNegativeInt = 0

    def build(self, members: tuple[str, ...]) -> RememberingAggregatorWeighting:
        """The weighting for these members."""
        return RememberingAggregatorWeighting(members, self.aggregator)

    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "ExcessMTL":
        """The aggregator of these members."""
        from torchjd.aggregation import ExcessMTL

        return ExcessMTL(self.robust_step_size, self.n_warmup_steps)


class PcdConfig(WeightingOptions):
    """The gradient of ``primary``, changed only as far as every other task needs to progress too (PCD).

    Each gets at least the fraction ``tau`` of what a step along its own gradient would give. Gradients are
    compared by their size relative to a running mean square with decay ``beta`` (Varam et al. 2026).
    """

    name: Literal["pcd"] = "pcd"
    primary: str
    tau: float = Field(default=0.02, ge=0.0, le=1.0)
    beta: float = Field(default=0.999, ge=0.0, lt=1.0)
    eps: NonNegativeFloat = 1e-8

    def build(self, members: tuple[str, ...]) -> RememberingAggregatorWeighting:
        """The weighting for these members; ValueError where ``primary`` is not among them."""
        if self.primary not in members:
            raise Mismatch(f"one of {', '.join(members)}", self.primary, about="primary")
        primary_first = (self.primary, *(name for name in members if name != self.primary))
        return RememberingAggregatorWeighting(primary_first, self.aggregator)

    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "PCD":
        """The aggregator of these members, of which the first is the primary one."""
        from torchjd.aggregation import PCD

        return PCD(self.tau, self.beta, self.eps)


class CrMogmConfig(WeightingOptions):
    """The weights of another aggregator, ``of``, averaged over batches (Zhou et al. 2022, CR-MOGM).

    ``alpha`` is the weight of the past in the running average.
    """

    name: Literal["cr_mogm"] = "cr_mogm"
    alpha: float = Field(default=0.9, ge=0.0, le=1.0)
    of: Smoothable = MgdaConfig()

    def build(self, members: tuple[str, ...]) -> RememberingAggregatorWeighting:
        """The weighting for these members; ValueError where ``of`` does not fit them."""
        self.of.build(members)
        return RememberingAggregatorWeighting(members, self.aggregator)

    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "GramianWeightedAggregator":
        """The averaged aggregator of these members."""
        from torchjd.aggregation import CRMOGMWeighting, GramianWeightedAggregator

        inner = self.of.aggregator(members, device).gramian_weighting
        return GramianWeightedAggregator(CRMOGMWeighting(inner, self.alpha))
