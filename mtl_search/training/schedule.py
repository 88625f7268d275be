"""Learning-rate schedules as configurations that build them; all count optimiser steps."""

import math
from typing import Annotated, Literal, final

from pydantic import BaseModel, ConfigDict, Field
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LambdaLR, LRScheduler

__all__ = ["Constant", "Cosine", "OneCycle", "ScheduleConfig"]

FROZEN = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
FIRST, LAST = 1 / 25, 1 / 250_000  # shares of the learning rate at which a cycle starts and ends


@final
class Constant(BaseModel):
    """The same learning rate throughout."""

    model_config = FROZEN

    name: Literal["constant"] = "constant"

    def build(self, optimizer: Optimizer, total_steps: int) -> LRScheduler:
        """The schedule of ``optimizer``."""
        return ConstantLR(optimizer, factor=1.0, total_iters=0)


@final
class Cosine(BaseModel):
    """Half a cosine from the learning rate down to ``final`` times it (Loshchilov and Hutter 2017)."""

    model_config = FROZEN

    name: Literal["cosine"] = "cosine"
    final: float = Field(0.0, ge=0.0, le=1.0)

    def build(self, optimizer: Optimizer, total_steps: int) -> LRScheduler:
        """The schedule of ``optimizer`` over ``total_steps`` steps."""
        lr = optimizer.param_groups[0]["lr"]
        return CosineAnnealingLR(optimizer, T_max=total_steps, eta_min=self.final * lr)


@final
class OneCycle(BaseModel):
    """Up to the learning rate over the first ``warmup`` share of the steps, then down (Smith 2018)."""

    model_config = FROZEN

    name: Literal["one_cycle"] = "one_cycle"
    warmup: float = Field(0.3, gt=0.0, lt=1.0)

    def build(self, optimizer: Optimizer, total_steps: int) -> LRScheduler:
        """The schedule of ``optimizer`` over ``total_steps`` steps; momentum is left alone."""
        top, last = self.warmup * (total_steps - 1), total_steps - 1

        def share(step: int) -> float:
            step = min(step, last)  # it is asked for once more after the last step
            if step < top:
                return _half_cosine(FIRST, 1.0, step / top)
            return _half_cosine(1.0, LAST, (step - top) / (last - top)) if step > top else 1.0

        # torch's OneCycleLR divides by zero if the warm-up is a single step
        return LambdaLR(optimizer, share)


def _half_cosine(start: float, end: float, done: float) -> float:
    """From ``start`` to ``end`` as ``done`` goes from 0 to 1."""
    return end + (start - end) * (1.0 + math.cos(math.pi * done)) / 2.0


ScheduleConfig = Annotated[Constant | Cosine | OneCycle, Field(discriminator="name")]
