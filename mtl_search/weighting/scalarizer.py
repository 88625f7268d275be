"""Losses made one number by a function without memory: TorchJD's scalarizers that decide per batch."""

# T tasks with labels in the batch

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor

from mtl_search.weighting.base import (
    Losses,
    Sharing,
    StatelessWeighting,
    TaskWeights,
    WeightingOptions,
    Weights,
    check_tasks,
)
from mtl_search.weighting.gradients import backward_scalarized

__all__ = [
    "CosmosConfig",
    "GeometricMeanConfig",
    "PbiConfig",
    "RandomConfig",
    "ScalarizerWeighting",
    "StchConfig",
    "preference",
]

Scalarize: TypeAlias = Callable[[Tensor], Tensor]

SMALLEST_LOSS = 1e-8
"""Logarithms are taken of no less, as in TorchJD's FAMO."""


class ScalarizerWeighting(StatelessWeighting):
    """One scalarizer for each set of members that had labels together, built when the set is first seen.

    So a scalarizer of fixed shape meets only losses of its shape, and one that averages does so over the
    members present.
    """

    def __init__(self, build: Callable[[tuple[str, ...], torch.device], Scalarize]) -> None:
        self._build = build
        self._scalarizers: dict[tuple[str, ...], Scalarize] = {}

    def backward(self, losses: Losses, network: Sharing) -> Weights:
        """Add the gradient of the scalar; a weight is its derivative by the loss."""
        present = tuple(losses)
        if present not in self._scalarizers:
            self._scalarizers[present] = self._build(present, losses[present[0]].device)
        return backward_scalarized(self._scalarizers[present], losses)


class RandomConfig(WeightingOptions):
    """Random positive weights that sum to 1, new for each batch (Lin et al. 2022, RLW)."""

    name: Literal["random"] = "random"

    def build(self, members: tuple[str, ...]) -> ScalarizerWeighting:
        """The weighting for these members."""
        return ScalarizerWeighting(self.scalarizer)

    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        """Random weights of the members present."""
        from torchjd.scalarization import Random

        return Random()


class GeometricMeanConfig(WeightingOptions):
    """The geometric mean of the losses (Chennupati et al. 2019, GLS); a loss of zero weighs nothing."""

    name: Literal["geometric_mean"] = "geometric_mean"

    def build(self, members: tuple[str, ...]) -> ScalarizerWeighting:
        """The weighting for these members."""
        return ScalarizerWeighting(self.scalarizer)

    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        """The geometric mean over the members present."""
        return _geometric_mean


class StchConfig(WeightingOptions):
    """Smooth Tchebycheff: nearly the largest loss, the more so the smaller ``mu`` (Lin et al. 2024).

    ``weights`` scale the losses before they are compared; equal where left out. The ideal loss of every
    task is taken to be zero.
    """

    name: Literal["stch"] = "stch"
    mu: PositiveFloat = 0.1
    weights: TaskWeights | None = None

    def build(self, members: tuple[str, ...]) -> ScalarizerWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return ScalarizerWeighting(self.scalarizer)

    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        """The smooth maximum over the members present."""
        from torchjd.scalarization import STCH

        return STCH(self.mu, preference(self.weights, present, device))


class PbiConfig(WeightingOptions):
    """Penalty-based boundary intersection: along the direction ``weights``, and not far from it.

    A large ``theta`` gives a loss that lies below the direction a negative weight, so that it is made
    worse (Zhang and Li 2007). ``weights`` are equal where left out; the ideal losses are taken to be zero.
    """

    name: Literal["pbi"] = "pbi"
    theta: float = Field(default=0.5, ge=0.0)
    weights: TaskWeights | None = None

    def build(self, members: tuple[str, ...]) -> ScalarizerWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return ScalarizerWeighting(self.scalarizer)

    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        """The penalised distance of the members present."""
        from torchjd.scalarization import PBI

        return PBI(self.theta, preference(self.weights, present, device))


class CosmosConfig(WeightingOptions):
    """The weighted sum of the losses, less ``strength`` times their cosine with ``weights``.

    The objective of COSMOS (Ruchte and Grabocka 2021) for one preference, equal where ``weights`` are left
    out; the full method feeds sampled preferences to the network.
    """

    name: Literal["cosmos"] = "cosmos"
    strength: float = Field(default=0.1, ge=0.0)
    weights: TaskWeights | None = None

    def build(self, members: tuple[str, ...]) -> ScalarizerWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return ScalarizerWeighting(self.scalarizer)

    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        """The objective over the members present."""
        from torchjd.scalarization import COSMOS

        return COSMOS(self.strength, preference(self.weights, present, device))


def preference(weights: Mapping[str, float] | None, present: tuple[str, ...], device: torch.device) -> Tensor:
    """The weights_T of the members present, scaled to sum to 1; equal where there are none."""
    values_T = torch.tensor([1.0 if weights is None else weights[name] for name in present], device=device)
    return values_T / values_T.sum()


def _geometric_mean(losses_T: Tensor) -> Tensor:
    from torchjd.scalarization import GeometricMean

    mean: Tensor = GeometricMean()(losses_T.clamp(min=SMALLEST_LOSS))
    return mean
