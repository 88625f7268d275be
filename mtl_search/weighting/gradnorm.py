"""GradNorm (Chen et al. 2018): gradients of one size, larger for the tasks that learn slowly."""

# T tasks with labels in the batch

from collections.abc import Callable
from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor, nn

from mtl_search.weighting.base import Losses, Sharing, Weighting, WeightingOptions, Weights
from mtl_search.weighting.gradients import stack

__all__ = ["GradNormConfig", "GradNormWeighting"]

SMALLEST_WEIGHT = 1e-3
"""A weight never falls below: the paper does not say what keeps weights positive."""
SMALLEST_LOSS = 1e-8
"""What is divided by counts as no less."""


class GradNormWeighting(Weighting):
    """Weights learned by an Adam of their own, so that each G_i comes near to mean(G) r_i ** alpha.

    G_i is the norm of the weighted gradient at the deepest layer that all members share, r_i the part of
    its first loss that a task still has, over the mean of these parts. The distances are summed and the
    right-hand side counts as a constant, so the slope by a weight is the norm of the unweighted gradient
    with the sign of the difference. After each update the weights of the members present are scaled back
    to the sum they had; one that is absent keeps its weight, its first loss and its Adam moments.
    """

    def __init__(self, members: tuple[str, ...], alpha: float, lr: float) -> None:
        self._alpha, self._lr = alpha, lr
        self._weights = {name: nn.Parameter(torch.tensor(1.0)) for name in members}
        self._first: dict[str, Tensor] = {}
        self._optimizer = torch.optim.Adam(self._weights.values(), lr=lr)

    def backward(self, losses: Losses, network: Sharing) -> Weights:
        """Add the gradient of the weighted sum, then update the weights for the next batch."""
        layer = network.last_shared_parameters()
        used_T = torch.stack([self._weights[name].detach() for name in losses])
        norms_T = torch.stack([_norm(loss, layer) for loss in losses.values()]) if len(losses) > 1 else None
        torch.autograd.backward(list(losses.values()), list(used_T.unbind()))
        if norms_T is not None:
            self._update(losses, used_T, norms_T)
        return dict(zip(losses, used_T.unbind(), strict=True))

    def parameters(self) -> list[nn.Parameter]:
        """None: the weights have an optimiser of their own."""
        return []

    def after_step(self, losses: Callable[[], Losses]) -> None:
        """Nothing to do."""

    def after_epoch(self) -> None:
        """Nothing to do."""

    def to(self, device: torch.device | str) -> None:
        """Move the weights; the rest begins where the first batch is."""
        for weight in self._weights.values():
            weight.data = weight.data.to(device)

    def _update(self, losses: Losses, used_T: Tensor, norms_T: Tensor) -> None:
        for name, loss in losses.items():
            self._first.setdefault(name, loss.detach().clamp(min=SMALLEST_LOSS))
        left_T = stack(losses) / torch.stack([self._first[name] for name in losses])
        sizes_T = used_T * norms_T
        targets_T = sizes_T.mean() * (left_T / left_T.mean().clamp(min=SMALLEST_LOSS)) ** self._alpha
        slopes = (torch.sign(sizes_T - targets_T) * norms_T).unbind()
        for weight in self._weights.values():
            weight.grad = None
        for name, slope in zip(losses, slopes, strict=True):
            self._weights[name].grad = slope
        self._optimizer.step()
        new_T = torch.stack([self._weights[name].detach() for name in losses]).clamp(min=SMALLEST_WEIGHT)
        for name, value in zip(losses, (new_T * used_T.sum() / new_T.sum()).unbind(), strict=True):
            self._weights[name].data.copy_(value)


class GradNormConfig(WeightingOptions):
    """GradNorm; a large ``alpha`` pulls the tasks' rates of learning together, 0 only evens the gradients.

    ``lr`` is that of the weights' Adam. Weights start at 1 and keep their sum.
    """

    name: Literal["gradnorm"] = "gradnorm"
    alpha: NonNegativeFloat = 1.5
    lr: PositiveFloat = 0.025

    def build(self, members: tuple[str, ...]) -> GradNormWeighting:
        """The weighting for these members."""
        return GradNormWeighting(members, self.alpha, self.lr)


def _norm(loss: Tensor, layer: list[nn.Parameter]) -> Tensor:
    gradients = torch.autograd.grad(loss, layer, retain_graph=True)
    norm: Tensor = torch.stack([part.norm() for part in gradients]).norm()
    return norm
