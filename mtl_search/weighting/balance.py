"""Aggregators that look for a direction fair to all tasks: common descent, bargaining, equal projections."""

from typing import TYPE_CHECKING, Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from mtl_search.weighting.aggregator import AggregatorWeighting
from mtl_search.weighting.base import TaskWeights, WeightingOptions, check_tasks
from mtl_search.weighting.scalarizer import preference

if TYPE_CHECKING:
    from torchjd.aggregation import IMTLG, MGDA, AlignedMTL, CAGrad, FairGrad

    from mtl_search.weighting.nash import GuardedNashMtl

__all__ = ["AlignedMtlConfig", "CaGradConfig", "FairGradConfig", "ImtlGConfig", "MgdaConfig", "NashMtlConfig"]


class MgdaConfig(WeightingOptions):
    """The shortest of the weighted means of the gradients (Désidéri 2012, Sener and Koltun 2018)."""

    name: Literal["mgda"] = "mgda"
    epsilon: PositiveFloat = 1e-3
    max_iters: PositiveInt = 100

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "MGDA":
        """The aggregator of the members present."""
        from torchjd.aggregation import MGDA

        return MGDA(self.epsilon, self.max_iters)


class CaGradConfig(WeightingOptions):
    """Within ``c`` lengths of the mean gradient, what helps the worst task most (Liu et al. 2021)."""

    name: Literal["cagrad"] = "cagrad"
    c: NonNegativeFloat = 0.5
    norm_eps: NonNegativeFloat = 1e-4

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "CAGrad":
        """The aggregator of the members present."""
        from torchjd.aggregation import CAGrad

        return CAGrad(self.c, self.norm_eps)


class NashMtlConfig(WeightingOptions):
    """The Nash bargaining solution among the tasks (Navon et al. 2022).

    The gradient is cut to the length ``max_norm`` (0: not at all). Weights are solved for in every
    ``update_weights_every`` th batch, in up to ``optim_niter`` rounds that start from the last solution; that
    takes tens of milliseconds, many times the batch itself.
    """

    name: Literal["nash_mtl"] = "nash_mtl"
    max_norm: NonNegativeFloat = 1.0
    update_weights_every: PositiveInt = 1
    optim_niter: PositiveInt = 20

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "GuardedNashMtl":
        """The aggregator of the members present."""
        from mtl_search.weighting.nash import GuardedNashMtl

        return GuardedNashMtl(len(present), self.max_norm, self.update_weights_every, self.optim_niter)


class FairGradConfig(WeightingOptions):
    """Alpha-fair progress of the tasks (Ban and Ji 2024): 1 is proportional, large is max-min fair."""

    name: Literal["fairgrad"] = "fairgrad"
    alpha: PositiveFloat = 1.0
    max_iters: PositiveInt | None = None

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "FairGrad":
        """The aggregator of the members present."""
        from torchjd.aggregation import FairGrad

        return FairGrad(self.alpha, self.max_iters)


class ImtlGConfig(WeightingOptions):
    """The combination with the same projection on every gradient (Liu et al. 2021, IMTL-G)."""

    name: Literal["imtl_g"] = "imtl_g"

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members."""
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "IMTLG":
        """The aggregator of the members present."""
        from torchjd.aggregation import IMTLG

        return IMTLG()


class AlignedMtlConfig(WeightingOptions):
    """The gradients made orthogonal and of one length, then averaged (Senushkin et al. 2023).

    The length is the smallest, the median or the root mean square of the principal components, as
    ``scale_mode`` says. ``weights`` are those of the average; equal where left out.
    """

    name: Literal["aligned_mtl"] = "aligned_mtl"
    weights: TaskWeights | None = None
    scale_mode: Literal["min", "median", "rmse"] = "min"

    def build(self, members: tuple[str, ...]) -> AggregatorWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return AggregatorWeighting(self.aggregator)

    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "AlignedMTL":
        """The aggregator of the members present."""
        from torchjd.aggregation import AlignedMTL

        return AlignedMTL(preference(self.weights, present, device), self.scale_mode)
