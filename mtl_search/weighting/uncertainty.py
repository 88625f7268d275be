"""Uncertainty weighting (Kendall et al. 2018)."""

from typing import Literal, final

from typing_extensions import override

from mtl_search.weighting.base import WeightingOptions
from mtl_search.weighting.learned import LearnedWeighting


@final
class UncertaintyConfig(WeightingOptions):
    """Weights exp(-s) / 2 with a learned log variance s (Kendall et al. 2018), which start at one half."""

    name: Literal["uncertainty"] = "uncertainty"

    @override
    def build(self, members: tuple[str, ...]) -> LearnedWeighting:
        from torchjd.scalarization import UW

        return LearnedWeighting(members, lambda: UW(()))
