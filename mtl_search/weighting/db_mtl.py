"""DB-MTL (Lin et al. 2023): logarithms of the losses, and gradients all of the largest one's length."""

# T tasks with labels in the batch, P values of the shared parameters

from typing import Literal, final

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, WeightingOptions, Weights
from mtl_search.weighting.gradients import add_gradient, differentiate, stack

__all__ = ["DbMtlConfig", "DbMtlWeighting"]

EPSILON = 1e-8
"""Added to losses and norms, as in the paper."""


@final
class DbMtlWeighting(Weighting):
    """The running means of the log losses' gradients, each scaled to the length of the longest, summed.

    A member has a running mean and a count of batches of its own, and adds nothing to a batch in which it
    is absent. What a task does not share follows the gradient of its own log loss. The weight reported is
    the scale over the loss: what the gradient of the loss would be multiplied by without the running mean.
    """

    def __init__(self, members: tuple[str, ...], beta: float, decay: float) -> None:
        super().__init__()
        self._beta, self._decay = beta, decay
        self._counts = dict.fromkeys(members, 0)
        self._means: dict[str, Tensor] = {}

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        logs = {name: torch.log(loss + EPSILON) for name, loss in losses.items()}
        values_T = stack(losses) + EPSILON
        shared = network.shared_parameters()
        if not shared:
            torch.autograd.backward(list(logs.values()))
            return dict(zip(losses, (1.0 / values_T).unbind(), strict=True))
        rows_P = differentiate(logs, network).unbind()
        for name, row_P in zip(losses, rows_P, strict=True):
            self._remember(name, row_P)
        means_TP = torch.stack([self._means[name] for name in losses])
        norms_T = means_TP.norm(dim=1)
        scales_T = norms_T.max() / (norms_T + EPSILON)
        add_gradient(shared, scales_T @ means_TP)
        return dict(zip(losses, (scales_T / values_T).unbind(), strict=True))

    def _remember(self, name: str, row_P: Tensor) -> None:
        self._counts[name] += 1
        beta = self._beta / self._counts[name] ** self._decay
        mean_P = self._means.get(name)
        self._means[name] = (1.0 - beta) * row_P if mean_P is None else torch.lerp(row_P, mean_P, beta)


@final
class DbMtlConfig(WeightingOptions):
    """DB-MTL; the past enters the running gradient with ``beta`` / k ** ``decay`` in batch k."""

    name: Literal["db_mtl"] = "db_mtl"
    beta: float = Field(default=0.9, ge=0.0, lt=1.0)
    decay: NonNegativeFloat = 0.0

    @override
    def build(self, members: tuple[str, ...]) -> DbMtlWeighting:
        return DbMtlWeighting(members, self.beta, self.decay)
