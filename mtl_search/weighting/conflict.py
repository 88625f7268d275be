"""Aggregators that change gradients which point against each other."""

from typing import TYPE_CHECKING, Literal

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt

from mtl_search.weighting.aggregator import AggregatorWeighting
from mtl_search.weighting.base import TaskWeights, WeightingOptions, check_tasks
from mtl_search.weighting.scalarizer import preference

if TYPE_CHECKING:
    from torchjd.aggregation import ConFIG, DualProj, GradDrop, PCGrad, TrimmedMean, UPGrad

__all__ = [
    "ConfigConfig",
    "DualProjConfig",
    "GradDropConfig",
    "PcGradConfig",
    "TrimmedMeanConfig",
    "UpGradConfig",
]


class PcGradConfig(WeightingOptions):
    """Each gradient is projected off those it conflicts with, in random order (Yu et al. 2020)."""

    name: Literal["pcgrad"] = "pcgrad"

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "PCGrad":
        """The aggregator of the members present."""
        from torchjd.aggregation import PCGrad

        return PCGrad()


class UpGradConfig(WeightingOptions):
    """Each gradient is projected onto the cone where no loss rises (Quinton and Rey 2024, UPGrad).

    ``weights`` say how the projections are averaged; equal where left out. ``norm_eps`` and ``reg_eps`` keep
    the quadratic program solvable.
    """

    name: Literal["upgrad"] = "upgrad"
    weights: TaskWeights | None = None
    norm_eps: NonNegativeFloat = 1e-4
    reg_eps: NonNegativeFloat = 1e-4

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "UPGrad":
        """The aggregator of the members present."""
        from torchjd.aggregation import UPGrad
        from torchjd.linalg import QuadprogProjector

        projector = QuadprogProjector(norm_eps=self.norm_eps, reg_eps=self.reg_eps)
        return UPGrad(preference(self.weights, present, device), projector)


class DualProjConfig(WeightingOptions):
    """The mean gradient is projected onto the cone where no loss rises (Lopez-Paz and Ranzato 2017).

    ``weights`` say how gradients are averaged; equal where left out. ``norm_eps`` and ``reg_eps`` keep the
    quadratic program solvable.
    """

    name: Literal["dualproj"] = "dualproj"
    weights: TaskWeights | None = None
    norm_eps: NonNegativeFloat = 1e-4
    reg_eps: NonNegativeFloat = 1e-4

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "DualProj":
        """The aggregator of the members present."""
        from torchjd.aggregation import DualProj
        from torchjd.linalg import QuadprogProjector

        projector = QuadprogProjector(norm_eps=self.norm_eps, reg_eps=self.reg_eps)
        return DualProj(preference(self.weights, present, device), projector)


class ConfigConfig(WeightingOptions):
    """The direction that has the same cosine with every gradient (Liu et al. 2024, ConFIG).

    ``weights`` are the ratios of these cosines; equal where left out.
    """

    name: Literal["config"] = "config"
    weights: TaskWeights | None = None

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "ConFIG":
        """The aggregator of the members present."""
        from torchjd.aggregation import ConFIG

        return ConFIG(preference(self.weights, present, device))


class GradDropConfig(WeightingOptions):
    """Each value of the gradient keeps only one sign, drawn by how pure it is (Chen et al. 2020).

    ``leak`` is the part of every gradient that passes whatever its sign.
    """

    name: Literal["graddrop"] = "graddrop"
    leak: float = Field(default=0.0, ge=0.0, le=1.0)

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "GradDrop":
        """The aggregator of the members present."""
        from torchjd.aggregation import GradDrop

        return GradDrop(leak=torch.full((len(present),), self.leak, device=device))


class TrimmedMeanConfig(WeightingOptions):
    """The mean of each value without its ``trim`` largest and smallest (Yin et al. 2018).

    Of 2 ``trim`` members or fewer, as many are trimmed as leave one or two.
    """

    name: Literal["trimmed_mean"] = "trimmed_mean"
    trim: PositiveInt = 1

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "TrimmedMean":
        """The aggregator of the members present."""
        from torchjd.aggregation import TrimmedMean

        return TrimmedMean(min(self.trim, (len(present) - 1) // 2))
