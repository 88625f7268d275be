"""Nash-MTL (Navon et al. 2022), guarded against failures of its solver."""

# T tasks, P values of the shared parameters

import warnings
from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import WeightedAggregator


@final
class NashMtlConfig(AggregatorOptions):
    """The Nash bargaining solution among the tasks (Navon et al. 2022).

    The gradient is cut to the length ``max_norm`` (0: not at all). Weights are solved for in every
    ``update_weights_every`` th batch, in up to ``optim_niter`` rounds that start from the last solution; that
    takes tens of milliseconds, many times the batch itself.
    """

    name: Literal["nash_mtl"] = "nash_mtl"
    max_norm: NonNegativeFloat = 1.0
    update_weights_every: PositiveInt = 1
    optim_niter: PositiveInt = 20

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "WeightedAggregator":
        return guarded_nash(len(present), self.max_norm, self.update_weights_every, self.optim_niter)


def guarded_nash(
    n_tasks: int, max_norm: float, update_weights_every: int, optim_niter: int
) -> "WeightedAggregator":
    """Nash-MTL with weights of zero if no task has a gradient, and without the solver's warnings.

    The method states a new problem in every round, which cvxpy warns is slow, and goes on from the last
    solution if ECOS finds none or an inaccurate one.
    """
    from torchjd.aggregation import NashMTL, WeightedAggregator, Weighting

    nash = NashMTL(n_tasks, max_norm, update_weights_every, optim_niter)

    @final
    class Guarded(Weighting[Tensor]):
        def forward(self, jacobian_TP: Tensor) -> Tensor:
            if not bool(jacobian_TP.any()):
                return torch.zeros_like(jacobian_TP[:, 0])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                weights_T: Tensor = nash.weighting(jacobian_TP)
            return weights_T

    return WeightedAggregator(Guarded())
