"""GradNorm (Chen et al. 2018): gradients of one size, larger for the tasks that learn slowly."""

# T tasks with labels in the batch

from typing import Literal, final

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, WeightingOptions, Weights
from mtl_search.weighting.gradients import stack

__all__ = ["GradNormConfig", "GradNormWeighting"]

SMALLEST_WEIGHT = 1e-3
"""A weight never falls below: the paper does not say what keeps weights positive."""
SMALLEST_LOSS = 1e-8
"""What is divided by counts as no less."""


@final
class GradNormWeighting(Weighting):
    """Weights learned by an Adam of their own, so that each G_i comes near to mean(G) r_i ** alpha.

    G_i is the norm of the weighted gradient at the deepest layer that all members share, r_i the part of
    its first loss that a task still has, over the mean of these parts. The distances are summed and the
    right-hand side counts as a constant, so the slope by a weight is the norm of the unweighted gradient
    with the sign of the difference. After each update the weights of the members present are scaled back
    to the sum they had; one that is absent keeps its weight, its first loss and its Adam moments.
    """

    def __init__(self, members: tuple[str, ...], alpha: float, lr: float) -> None:
        super().__init__()
        self._alpha = alpha
        self._weights = nn.ParameterList(torch.tensor(1.0) for _ in members)
        self._place = {name: place for place, name in enumerate(members)}
        self._first: dict[str, Tensor] = {}
        self._optimizer = torch.optim.Adam(self._weights, lr=lr)

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        layer = network.last_shared_parameters()
        used_T = self._of(losses)
        norms_T = torch.stack([_norm(loss, layer) for loss in losses.values()]) if len(losses) > 1 else None
        torch.autograd.backward(list(losses.values()), list(used_T.unbind()))
        if norms_T is not None:
            self._update(losses, used_T, norms_T)
        return dict(zip(losses, used_T.unbind(), strict=True))

    def _update(self, losses: Losses, used_T: Tensor, norms_T: Tensor) -> None:
        for name, loss in losses.items():
            self._first.setdefault(name, loss.detach().clamp(min=SMALLEST_LOSS))
        left_T = stack(losses) / torch.stack([self._first[name] for name in losses])
        sizes_T = used_T * norms_T
        targets_T = sizes_T.mean() * (left_T / left_T.mean().clamp(min=SMALLEST_LOSS)) ** self._alpha
        slopes = (torch.sign(sizes_T - targets_T) * norms_T).unbind()
        for name, slope in zip(losses, slopes, strict=True):
            self._weights[self._place[name]].grad = slope
        self._optimizer.step()
        self._optimizer.zero_grad()  # so that the network's optimiser leaves them alone
        new_T = self._of(losses).clamp(min=SMALLEST_WEIGHT)
        for name, value in zip(losses, (new_T * used_T.sum() / new_T.sum()).unbind(), strict=True):
            self._weights[self._place[name]].data.copy_(value)

    def _of(self, losses: Losses) -> Tensor:
        """The weights of the members present."""
        return torch.stack([self._weights[self._place[name]].detach() for name in losses])


@final
class GradNormConfig(WeightingOptions):
    """GradNorm; a large ``alpha`` pulls the tasks' rates of learning together, 0 only evens the gradients.

    ``lr`` is that of the weights' Adam. Weights start at 1 and keep their sum.
    """

    name: Literal["gradnorm"] = "gradnorm"
    alpha: NonNegativeFloat = 1.5
    lr: PositiveFloat = 0.025

    @override
    def build(self, members: tuple[str, ...]) -> GradNormWeighting:
        return GradNormWeighting(members, self.alpha, self.lr)


def _norm(loss: Tensor, layer: list[nn.Parameter]) -> Tensor:
    gradients = torch.autograd.grad(loss, layer, retain_graph=True)
    norm: Tensor = torch.stack([part.norm() for part in gradients]).norm()
    return norm
