"""RealMLP's tricks (Holzmüller, Grinsztajn and Steinwart 2024, "Better by default") as parts of a user's own.

`benchmarks.tricks` measures what they bring. On top of copies none pays enough to be a part of the package
but a smooth activation, which the package has. Equations follow the paper and its code (pytabkit, Apache-2.0)
with one departure: where the paper multiplies the learning rate of some parameters by a factor c, the layer
multiplies the parameter by c. Under Adam, whose steps do not depend on a gradient's size, that is the same.
"""

# B rows of a batch, F features, W width of a stage

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from typing_extensions import override

from mtl_search.features import FeatureSpec, VectorSpec, width_for
from mtl_search.model import Dropout, Trunk

__all__ = ["Coslog", "RealMlp", "flat_cosine"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "selu": F.selu,
}
SLOW = 0.1  # times the learning rate: that of biases


@final
class RealMlp(Trunk):
    """A stage is linear, the activation and dropout; the first one begins with a factor for each feature.

    ``scaling`` is what the learning rate of those factors is multiplied by (the paper: 6), ``parametric`` the
    same for the strength of an activation, one a neuron (the paper: 0.1); 0: there are none. ``ntk``: weights
    are normal, and the layer divides by the root of how many features it reads.
    """

    width: PositiveInt = 128
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    activation: Literal["relu", "gelu", "silu", "mish", "selu"] = "relu"
    parametric: NonNegativeFloat = 0.0
    scaling: NonNegativeFloat = 0.0
    ntk: bool = False

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        width_for("a RealMLP", spec)
        return VectorSpec(self.width)

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        read = width_for("a RealMLP", spec)
        scaling = [Scaling(read, self.scaling)] if self.scaling and index == 0 else []
        linear = NtkLinear(read, self.width) if self.ntk else nn.Linear(read, self.width)
        activation = Activation(self.width, self.activation, self.parametric)
        dropout = [Dropout(self.dropout)] if self.dropout else []
        return nn.Sequential(*scaling, linear, activation, *dropout)


@final
class Scaling(nn.Module):
    """Each feature times ``1 + rate * factor``, ``factor`` 0 at first."""

    def __init__(self, width: int, rate: float) -> None:
        super().__init__()
        self.rate, self.factors_F = rate, nn.Parameter(torch.zeros(width))

    def forward(self, features_BF: Tensor) -> Tensor:
        """The features, scaled."""
        return features_BF * (1.0 + self.rate * self.factors_F)


@final
class Activation(nn.Module):
    """``x + a (f(x) - x)``, each of ``width`` neurons learning its ``a``, 1 at first; rate 0: ``f``."""

    def __init__(self, width: int, name: str, rate: float) -> None:
        super().__init__()
        self.function, self.rate = ACTIVATIONS[name], rate
        self.strengths_W = nn.Parameter(torch.zeros(width)) if rate else None

    def forward(self, x_BW: Tensor) -> Tensor:
        """What becomes of each value."""
        y_BW = self.function(x_BW)
        if self.strengths_W is None:
            return y_BW
        return x_BW + (y_BW - x_BW) * (1.0 + self.rate * self.strengths_W)


@final
class NtkLinear(nn.Module):
    """``x W / sqrt(F) + b`` with W and b standard normal: initialised without the paper's look at data."""

    def __init__(self, read: int, width: int) -> None:
        super().__init__()
        self.weight_WF = nn.Parameter(torch.randn(width, read))
        self.bias_W = nn.Parameter(torch.randn(width) / SLOW)

    def forward(self, x_BF: Tensor) -> Tensor:
        """What the next activation reads."""
        return F.linear(x_BF, self.weight_WF / math.sqrt(self.weight_WF.shape[1]), SLOW * self.bias_W)


@final
@dataclass(frozen=True)
class Coslog:
    """The learning rate goes up and down ``cycles`` times, each twice as long as the one before.

    After a share ``t`` of the steps it is ``sin^2(pi log2(1 + (2^cycles - 1) t))`` times the trial's, taken
    in the middle of each step, so that the first one learns too.
    """

    cycles: int = 4

    def build(self, optimizer: Optimizer, total_steps: int) -> LRScheduler:
        """The schedule of ``optimizer`` over ``total_steps`` steps."""

        def share(step: int) -> float:
            done = min((step + 0.5) / total_steps, 1.0)
            return math.sin(math.pi * math.log2(1.0 + (2**self.cycles - 1) * done)) ** 2

        return LambdaLR(optimizer, share)


def flat_cosine(done: float) -> float:
    """1 for the first half of a training, then half a cosine down to 0.

    >>> [flat_cosine(done) for done in (0.2, 0.5, 1.0)]
    [1.0, 1.0, 0.0]
    """
    return 1.0 if done < 0.5 else (1.0 + math.cos(math.pi * (2.0 * done - 1.0))) / 2.0
