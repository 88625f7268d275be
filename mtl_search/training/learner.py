"""Learner: what makes a step of a network's losses."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, final

import torch
from torch import nn

from mtl_search.model import Network
from mtl_search.training.config import TrialConfig
from mtl_search.weighting import Losses, Weighting, Weights

__all__ = ["Learner"]


@final
class Learner:
    """A weighting, and the optimiser and schedule of the network's parameters and its own.

    ``steps``: in all. With a ``weighting`` that has learned already its memory goes on; after `load` the rest
    does, too.
    """

    def __init__(
        self,
        config: TrialConfig,
        network: Network,
        steps: int,
        generator: torch.Generator,
        weighting: Weighting | None = None,
    ) -> None:
        self._network, self._clip_norm = network, config.clip_norm
        device = next(network.parameters()).device
        self._weighting = (weighting or config.weighting.build(config.members)).to(device)
        self._weighting.generator = generator
        self._parameters = [*network.parameters(), *self._weighting.parameters()]
        self._optimizer = config.optimizer.build(network.parameters())
        if learned := list(self._weighting.parameters()):  # task weights: decay would draw them to 1, unasked
            self._optimizer.add_param_group({"params": learned, "weight_decay": 0.0})
        self._schedule = config.schedule.build(self._optimizer, steps)

    def step(self, losses: Losses, again: Callable[[], Losses]) -> Weights:
        """One step down these losses, and the weights that they had; ``again`` computes them anew."""
        self._optimizer.zero_grad(set_to_none=True)
        weights = self._weighting.backward(losses, self._network)
        if self._clip_norm is not None:
            nn.utils.clip_grad_norm_(self._parameters, self._clip_norm)
        self._optimizer.step()
        self._schedule.step()
        self._weighting.after_step(again)
        return weights

    def after_epoch(self) -> None:
        """An epoch is over."""
        self._weighting.after_epoch()

    @property
    def weighting(self) -> Weighting:
        """The weighting with all that it remembers, without its generator."""
        bare = copy.copy(self._weighting)
        bare.generator = None
        return bare

    @property
    def state(self) -> Mapping[str, Mapping[str, Any]]:
        """That of optimiser and schedule."""
        return {"optimizer": self._optimizer.state_dict(), "schedule": self._schedule.state_dict()}

    def load(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from there."""
        self._optimizer.load_state_dict(dict(state["optimizer"]))
        self._schedule.load_state_dict(dict(state["schedule"]))
