"""Gradient affinities: what a step for one task would do to the loss of another."""

# T tasks

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from statistics import median
from typing import final

import torch
from torch import Tensor, nn

__all__ = ["AffinityMeter"]

STEP = 0.01  # of the look-ahead; affinities are proportional to it as long as it is small
LEAST_LOSS = 1e-6  # of which a share can be computed


@final
class AffinityMeter:
    """Inter-task affinities (TAG, Fifty et al. 2021), measured while a network of several tasks is trained.

    The affinity of a source to a target is the share by which the target's loss falls, on the same rows, when
    the shared parameters make a small step down the source's loss. The paper looks every ten steps and takes
    the mean over the training, here it is the median over the looks, so that one at a loss of almost nothing
    does not decide. A look costs a backward and a forward pass for each task, and memory for its gradients.
    """

    def __init__(self, shared: list[nn.Parameter]) -> None:
        self._shared = shared
        self.seen: dict[tuple[str, str], list[float]] = defaultdict(list)

    def look(self, losses: Callable[[], Mapping[str, Tensor]]) -> None:
        """Measure all pairs once; ``losses`` gives the same tasks on the same rows whenever it is called.

        The parameters are what they were before.
        """
        now = losses()
        gradients = [
            torch.autograd.grad(loss, self._shared, retain_graph=True, allow_unused=True)
            for loss in now.values()
        ]
        before_T = torch.stack([loss.detach() for loss in now.values()])
        after_TT = torch.stack([self._after(gradient, losses) for gradient in gradients])
        shares_TT = torch.where(before_T > LEAST_LOSS, 1 - after_TT / before_T, math.nan).tolist()
        for source, row in zip(now, shares_TT, strict=True):
            for target, share in zip(now, row, strict=True):
                if source != target and math.isfinite(share):
                    self.seen[source, target].append(share)

    @property
    def affinities(self) -> dict[tuple[str, str], float]:
        """Of each source to each target, the median of all looks so far."""
        return {pair: median(shares) for pair, shares in self.seen.items()}

    @torch.no_grad()
    def _after(
        self, gradient: tuple[Tensor | None, ...], losses: Callable[[], Mapping[str, Tensor]]
    ) -> Tensor:
        """The losses after a step down ``gradient``."""
        kept = [parameter.clone() for parameter in self._shared]
        for parameter, slope in zip(self._shared, gradient, strict=True):
            if slope is not None:
                parameter.sub_(STEP * slope)
        after_T = torch.stack(list(losses().values()))
        for parameter, value in zip(self._shared, kept, strict=True):
            parameter.copy_(value)
        return after_T
