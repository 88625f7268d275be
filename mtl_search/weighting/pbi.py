"""Penalty-based boundary intersection (Zhang and Li 2007)."""

from typing import Literal, final

import torch
from pydantic import Field
from typing_extensions import override

from mtl_search.weighting.base import PreferenceOptions
from mtl_search.weighting.scalarizer import Scalarize, ScalarizerOptions


@final
class PbiConfig(PreferenceOptions, ScalarizerOptions):
    """Penalty-based boundary intersection: along the direction ``weights``, and not far from it.

    A large ``theta`` gives a loss that lies below the direction a negative weight, so that it is made
    worse (Zhang and Li 2007). The ideal losses are taken to be zero.
    """

    name: Literal["pbi"] = "pbi"
    theta: float = Field(default=0.5, ge=0.0)

    @override
    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        from torchjd.scalarization import PBI

        return PBI(self.theta, self.preference(present, device))
