"""Gradients of the tasks made one gradient: TorchJD's aggregators, on the parameters that are shared."""

# T tasks with labels in the batch, M members of the network, P values of the shared parameters

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, final

import torch
from pydantic import NonNegativeFloat
from torch import Tensor
from typing_extensions import override

from mtl_search.generators import drawing_from
from mtl_search.weighting.base import (
    Losses,
    PreferenceOptions,
    SharedParameters,
    Weighting,
    WeightingOptions,
    Weights,
)
from mtl_search.weighting.gradients import add_gradient, differentiate

if TYPE_CHECKING:
    from torchjd.aggregation import Aggregator
    from torchjd.linalg import QuadprogProjector

    BuildAggregator: TypeAlias = Callable[[tuple[str, ...], torch.device], Aggregator]

__all__ = [
    "AggregatorOptions",
    "AggregatorWeighting",
    "ProjectionOptions",
    "RememberingOptions",
    "RememberingWeighting",
    "aggregate",
]


@final
class AggregatorWeighting(Weighting):
    """One aggregator for each set of members that had labels together, built when the set is first seen.

    Only the rows of members present are aggregated: a row of zeros would be the smallest gradient for MGDA
    and leave nothing to bargain about for others. What a task does not share gets the gradient of its own
    loss, unweighted; so does the whole network if one member alone is present or nothing is shared.
    """

    def __init__(self, build: "BuildAggregator") -> None:
        super().__init__()
        self._build = build
        self._aggregators: dict[tuple[str, ...], Aggregator] = {}

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        shared = network.shared_parameters()
        if len(losses) == 1 or not shared:
            return _backward_apart(losses)
        present = tuple(losses)
        if present not in self._aggregators:
            self._aggregators[present] = self._build(present, losses[present[0]].device)
        jacobian_TP = differentiate(losses, network)
        gradient_P, weights_T = aggregate(self._aggregators[present], jacobian_TP, self.generator)
        add_gradient(shared, gradient_P)
        return dict(zip(losses, weights_T.unbind(), strict=True))


@final
class RememberingWeighting(Weighting):
    """One aggregator that remembers earlier batches: it sees, and learns from, only batches with all members.

    TorchJD's memory has a fixed number of rows. A batch that lacks a member's labels (most often the short
    last one of an epoch) leaves it untouched and takes the weights last used, or 1 before there are any.
    The order of ``members`` is that of the rows.
    """

    weights_M: Tensor

    def __init__(self, members: tuple[str, ...], build: "BuildAggregator") -> None:
        super().__init__()
        self._members, self._build = members, build
        self._aggregator: Aggregator | None = None
        self.register_buffer("weights_M", torch.ones(len(members)))

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        shared = network.shared_parameters()
        if not shared:
            return _backward_apart(losses)
        rows = {name: losses[name] for name in self._members if name in losses}
        jacobian_TP = differentiate(rows, network)
        if len(rows) == len(self._members):
            if self._aggregator is None:
                self._aggregator = self._build(self._members, jacobian_TP.device)
            gradient_P, self.weights_M = aggregate(self._aggregator, jacobian_TP, self.generator)
        else:
            gradient_P = self.weights_M[[self._members.index(name) for name in rows]] @ jacobian_TP
        add_gradient(shared, gradient_P)
        return dict(zip(self._members, self.weights_M.unbind(), strict=True))


class AggregatorOptions(WeightingOptions):
    """Options of an aggregator that decides for each batch anew."""

    @abstractmethod
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "Aggregator":
        """The aggregator of the members present."""

    @override
    def build(self, members: tuple[str, ...]) -> Weighting:
        self.check(members)
        return AggregatorWeighting(self.aggregator)


class ProjectionOptions(PreferenceOptions, AggregatorOptions):
    """Options of an aggregator that projects onto the cone in which no loss rises.

    ``norm_eps`` and ``reg_eps`` keep the quadratic program solvable.
    """

    norm_eps: NonNegativeFloat = 1e-4
    reg_eps: NonNegativeFloat = 1e-4

    def projector(self) -> "QuadprogProjector":
        """What solves the quadratic program."""
        from torchjd.linalg import QuadprogProjector

        return QuadprogProjector(norm_eps=self.norm_eps, reg_eps=self.reg_eps)


class RememberingOptions(AggregatorOptions):
    """Options of an aggregator that remembers earlier batches, and so is always one of all members."""

    @override
    def build(self, members: tuple[str, ...]) -> Weighting:
        self.check(members)
        return RememberingWeighting(members, self.aggregator)


def aggregate(
    aggregator: "Aggregator", jacobian_TP: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """The gradient_P and the weights_T of its rows.

    Some aggregators do not combine rows (GradDrop and the trimmed mean choose per value, ConFIG gives a
    direction). Their weights are the coefficients of the combination of rows that comes nearest to the
    result, the smallest of them if rows depend on each other. A gradient that is not finite is summed,
    with weights of NaN, rather than shown to a solver: it is for the training loop to name the loss.
    """
    from torchjd.aggregation import WeightedAggregator

    with torch.no_grad(), drawing_from(generator, jacobian_TP.device):
        if not bool(jacobian_TP.isfinite().all()):
            return jacobian_TP.sum(dim=0), torch.full_like(jacobian_TP[:, 0], torch.nan)
        if isinstance(aggregator, WeightedAggregator):
            weights_T = aggregator.weighting(jacobian_TP)
            return weights_T @ jacobian_TP, weights_T
        gradient_P = aggregator(jacobian_TP)
        gramian_TT = jacobian_TP @ jacobian_TP.T
        return gradient_P, torch.linalg.pinv(gramian_TT, hermitian=True) @ (jacobian_TP @ gradient_P)


def _backward_apart(losses: Losses) -> Weights:
    torch.autograd.backward(list(losses.values()))
    return dict.fromkeys(losses, 1.0)
