"""FAMO (Liu et al. 2023): all losses are to fall at the same rate, judged by the losses alone."""

# M members of the network, A of them absent from the batch

from collections.abc import Callable
from typing import Literal, final

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor
from typing_extensions import override

from mtl_search.weighting.base import Losses, SharedParameters, Weighting, WeightingOptions, Weights
from mtl_search.weighting.gradients import stack

__all__ = ["FamoConfig", "FamoWeighting"]


@final
class FamoWeighting(Weighting):
    """TorchJD's FAMO over all members, with a computed stand-in for those without labels in a batch.

    An absent member enters with its last loss (1 before it was ever seen), so that it keeps its share of
    the weights. In the update its loss is taken to have fallen like the weighted mean of the others, so
    that FAMO's gradient for it is zero; and its logit is put back, since Adam moves it all the same. The
    logits have a gradient only within ``after_step``, so the network's optimiser leaves them to FAMO's own.
    """

    losses_M: Tensor

    def __init__(self, members: tuple[str, ...], lr: float, weight_decay: float) -> None:
        super().__init__()
        from torchjd.scalarization import FAMO

        self._members = members
        self._famo = FAMO(len(members), lr=lr, weight_decay=weight_decay)
        self.register_buffer("losses_M", torch.ones(len(members)))

    @override
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        self.losses_M = self._fill(losses)
        values_M = self.losses_M.clone().requires_grad_()
        torch.autograd.backward(self._famo(values_M))
        assert values_M.grad is not None
        weights = dict(zip(self._members, values_M.grad.unbind(), strict=True))
        torch.autograd.backward(list(losses.values()), [weights[name] for name in losses])
        return {name: weights[name] for name in losses}

    @override
    def after_step(self, losses: Callable[[], Losses]) -> None:
        with torch.no_grad():
            new = losses()
            after_M = self._fill(new)
            absent_A = [i for i, name in enumerate(self._members) if name not in new]
            (logits_M,) = self._famo.parameters()
            if absent_A:
                kept_A = logits_M[absent_A].clone()
                shares_M = torch.softmax(logits_M, dim=0)
                shares_M[absent_A] = 0.0
                fall = (shares_M * (after_M / self.losses_M).log()).sum() / shares_M.sum()
                after_M[absent_A] *= fall.exp()
            self._famo.update(after_M)
            if absent_A:
                logits_M[absent_A] = kept_A

    def _fill(self, losses: Losses) -> Tensor:
        """The losses of all members, the last one seen of a member that is absent."""
        if len(losses) == len(self._members):
            return stack(losses)
        filled_M = self.losses_M.clone()
        filled_M[[self._members.index(name) for name in losses]] = stack(losses)
        return filled_M


@final
class FamoConfig(WeightingOptions):
    """FAMO; ``lr`` and ``weight_decay`` are those of the logits' Adam, with the paper's values."""

    name: Literal["famo"] = "famo"
    lr: PositiveFloat = 0.025
    weight_decay: NonNegativeFloat = 1e-3

    @override
    def build(self, members: tuple[str, ...]) -> FamoWeighting:
        return FamoWeighting(members, self.lr, self.weight_decay)
