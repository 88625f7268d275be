"""Constant weights: all one, or one chosen for each task."""

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import nn

from mtl_search.weighting.base import (
    Losses,
    Sharing,
    TaskWeights,
    Weighting,
    WeightingOptions,
    Weights,
    check_tasks,
)

__all__ = ["ConstantWeighting", "EqualConfig", "FixedConfig", "MeanConfig"]


class ConstantWeighting(Weighting):
    """The sum of the losses times constants; a member without labels takes nothing from the others.

    The weights go into the backward pass as the gradients of the losses, so that not even their sum is
    computed.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = dict(weights)
        self._gradients = {name: torch.tensor(weight) for name, weight in weights.items()}

    def backward(self, losses: Losses, network: Sharing) -> Weights:
        """Add the gradient of the weighted sum to all parameters."""
        torch.autograd.backward(list(losses.values()), [self._gradients[name] for name in losses])
        return self._weights

    def parameters(self) -> list[nn.Parameter]:
        """None."""
        return []

    def after_step(self, losses: Callable[[], Losses]) -> None:
        """Nothing to do."""

    def after_epoch(self) -> None:
        """Nothing to do."""

    def to(self, device: torch.device | str) -> None:
        """Move the weights."""
        self._gradients = {name: gradient.to(device) for name, gradient in self._gradients.items()}


class EqualConfig(WeightingOptions):
    """The sum of the losses: every weight is 1."""

    name: Literal["equal"] = "equal"

    def build(self, members: tuple[str, ...]) -> ConstantWeighting:
        """The weighting for these members."""
        return ConstantWeighting(dict.fromkeys(members, 1.0))


class MeanConfig(WeightingOptions):
    """The mean of the losses: every weight is one over the number of members, with labels or without."""

    name: Literal["mean"] = "mean"

    def build(self, members: tuple[str, ...]) -> ConstantWeighting:
        """The weighting for these members."""
        return ConstantWeighting(dict.fromkeys(members, 1.0 / len(members)))


class FixedConfig(WeightingOptions):
    """The sum of the losses times ``weights``, which name each member once.

    >>> FixedConfig(weights={"age": 0.5, "cost": 1.5}).build(("age", "death"))
    Traceback (most recent call last):
    ...
    mtl_search.errors.Mismatch: weights: expected one for each of age, death, found age, cost
    """

    name: Literal["fixed"] = "fixed"
    weights: TaskWeights

    def build(self, members: tuple[str, ...]) -> ConstantWeighting:
        """The weighting for these members; ValueError where ``weights`` has other tasks."""
        check_tasks(self.weights, members)
        return ConstantWeighting(self.weights)
