"""TorchJD's Nash-MTL, guarded where its solver fails; imports TorchJD, so import it late."""

# T tasks, P values of the shared parameters

import warnings

import torch
from torch import Tensor
from torchjd.aggregation import NashMTL, WeightedAggregator, Weighting

__all__ = ["GuardedNashMtl"]


class GuardedNashMtl(WeightedAggregator):
    """Nash-MTL with weights of zero where no task has a gradient, and without the solver's warnings.

    The method states a new problem in every round, which cvxpy warns is slow, and goes on from the last
    solution where ECOS finds none or an inaccurate one.
    """

    def __init__(self, n_tasks: int, max_norm: float, update_weights_every: int, optim_niter: int) -> None:
        super().__init__(_GuardedWeighting(NashMTL(n_tasks, max_norm, update_weights_every, optim_niter)))


class _GuardedWeighting(Weighting[Tensor]):
    def __init__(self, nash: NashMTL) -> None:
        super().__init__()
        self.nash = nash

    def forward(self, jacobian_TP: Tensor) -> Tensor:
        if not bool(jacobian_TP.any()):
            return torch.zeros_like(jacobian_TP[:, 0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weights_T: Tensor = self.nash.weighting(jacobian_TP)
        return weights_T
