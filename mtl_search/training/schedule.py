"""Learning-rate schedules as configurations that build them; all count optimiser steps."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

__all__ = ["Constant", "Cosine", "OneCycle", "ScheduleConfig"]


class Constant(BaseModel):
    """The same learning rate throughout."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["constant"] = "constant"

    def build(self, optimizer: Optimizer, total_steps: int) -> LRScheduler:
        """The schedule of ``optimizer``."""
        return ConstantLR(optimizer, factor=1.0, total_iters=0)


class Cosine(BaseModel):
    """Half a cosine from the learning rate down to ``final`` times it (Loshchilov and Hutter 2017)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["cosine"] = "cosine"
    final: float = Field(0.0, ge=0.0, le=1.0)

    def build(self, optimizer: Optimizer, total_steps: int) -> LRScheduler:
        """The schedule of ``optimizer`` over ``total_steps`` steps."""
        lr = optimizer.param_groups[0]["lr"]
        return CosineAnnealingLR(optimizer, T_max=total_steps, eta_min=self.final * lr)


class OneCycle(BaseModel):
    """Up to the learning rate over the first ``warmup`` share of the steps, then down (Smith 2018)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["one_cycle"] = "one_cycle"
    warmup: float = Field(0.3, gt=0.0, lt=1.0)

    def build(self, optimizer: Optimizer, total_steps: int) -> LRScheduler:
        """The schedule of ``optimizer`` over ``total_steps`` steps; momentum is left alone."""
        lr = optimizer.param_groups[0]["lr"]
        # OneCycleLR divides by the steps of each phase, minus one: it needs three steps at the least
        return OneCycleLR(
            optimizer, lr, total_steps=max(3, total_steps), pct_start=self.warmup, cycle_momentum=False
        )


ScheduleConfig = Annotated[Constant | Cosine | OneCycle, Field(discriminator="name")]
