"""Optimisers as configurations that build them."""

from collections.abc import Iterable
from typing import Annotated, Literal, final

import torch
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat
from torch import nn

__all__ = ["SGD", "AdamW", "OptimizerConfig"]

FROZEN = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
Beta = Annotated[float, Field(ge=0.0, lt=1.0)]


@final
class AdamW(BaseModel):
    """AdamW (Loshchilov and Hutter 2019): Adam with decoupled weight decay."""

    model_config = FROZEN

    name: Literal["adamw"] = "adamw"
    lr: PositiveFloat = 1e-3
    weight_decay: NonNegativeFloat = 1e-2
    betas: Annotated[tuple[Beta, Beta], Field(strict=False)] = (0.9, 0.999)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimiser over ``parameters``, as one fused kernel a step."""
        return torch.optim.AdamW(
            parameters, lr=self.lr, weight_decay=self.weight_decay, betas=self.betas, fused=True
        )


@final
class SGD(BaseModel):
    """Stochastic gradient descent with Nesterov momentum unless momentum is 0."""

    model_config = FROZEN

    name: Literal["sgd"] = "sgd"
    lr: PositiveFloat = 1e-2
    weight_decay: NonNegativeFloat = 0.0
    momentum: float = Field(0.9, ge=0.0, lt=1.0)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimiser over ``parameters``, as one fused kernel a step."""
        return torch.optim.SGD(
            parameters,
            lr=self.lr,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            nesterov=self.momentum > 0,
            fused=True,
        )


OptimizerConfig = Annotated[AdamW | SGD, Field(discriminator="name")]
