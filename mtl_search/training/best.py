"""Best: the best epoch of a training so far."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

__all__ = ["Best"]


@dataclass(slots=True)
class Best:
    """The best epoch so far, and the network's weights then."""

    epoch: int = 0
    score: float = -math.inf
    valid: Mapping[str, float] = field(default_factory=dict)
    state: dict[str, Tensor] = field(default_factory=dict)
