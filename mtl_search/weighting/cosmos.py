"""The objective of COSMOS (Ruchte and Grabocka 2021)."""

from typing import Literal, final

import torch
from pydantic import Field
from typing_extensions import override

from mtl_search.weighting.base import PreferenceOptions
from mtl_search.weighting.scalarizer import Scalarize, ScalarizerOptions


@final
class CosmosConfig(PreferenceOptions, ScalarizerOptions):
    """The weighted sum of the losses, less ``strength`` times their cosine with ``weights``.

    The objective of COSMOS (Ruchte and Grabocka 2021) for one preference; the full method feeds sampled
    preferences to the network.
    """

    name: Literal["cosmos"] = "cosmos"
    strength: float = Field(default=0.1, ge=0.0)

    @override
    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        from torchjd.scalarization import COSMOS

        return COSMOS(self.strength, self.preference(present, device))
