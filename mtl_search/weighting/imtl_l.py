"""Impartial multi-task learning by losses (Liu et al. 2021, IMTL-L)."""

from typing import Literal, final

from typing_extensions import override

from mtl_search.weighting.base import WeightingOptions
from mtl_search.weighting.learned import LearnedWeighting


@final
class ImtlLConfig(WeightingOptions):
    """Weights exp(s) with a learned log scale s (Liu et al. 2021, IMTL-L), which start at 1."""

    name: Literal["imtl_l"] = "imtl_l"

    @override
    def build(self, members: tuple[str, ...]) -> LearnedWeighting:
        from torchjd.scalarization import IMTLL

        return LearnedWeighting(members, lambda: IMTLL(()))
