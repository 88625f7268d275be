"""Smooth Tchebycheff scalarization (Lin et al. 2024)."""

from typing import Literal, final

import torch
from pydantic import PositiveFloat
from typing_extensions import override

from mtl_search.weighting.base import PreferenceOptions
from mtl_search.weighting.scalarizer import Scalarize, ScalarizerOptions


@final
class StchConfig(PreferenceOptions, ScalarizerOptions):
    """Smooth Tchebycheff: nearly the largest loss, the more so the smaller ``mu`` (Lin et al. 2024).

    ``weights`` scale the losses before they are compared. The ideal loss of every task is taken to be zero.
    """

    name: Literal["stch"] = "stch"
    mu: PositiveFloat = 0.1

    @override
    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        from torchjd.scalarization import STCH

        return STCH(self.mu, self.preference(present, device))
