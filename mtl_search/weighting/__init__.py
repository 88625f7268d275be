"""How the losses of a network's members become its gradients."""

from typing import Annotated

from pydantic import Field

from mtl_search.weighting.base import Losses, Sharing, Weighting, WeightingOptions, Weights
from mtl_search.weighting.constant import EqualConfig, FixedConfig

__all__ = [
    "EqualConfig",
    "FixedConfig",
    "Losses",
    "Sharing",
    "Weighting",
    "WeightingConfig",
    "WeightingOptions",
    "Weights",
]

WeightingConfig = Annotated[EqualConfig | FixedConfig, Field(discriminator="name")]
"""Any weighting, told apart by its name."""
