"""The mean of the losses."""

from typing import Literal, final

from typing_extensions import override

from mtl_search.weighting.base import WeightingOptions
from mtl_search.weighting.constant import ConstantWeighting


@final
class MeanConfig(WeightingOptions):
    """The mean of the losses: every weight is one over the number of members, with labels or without."""

    name: Literal["mean"] = "mean"

    @override
    def build(self, members: tuple[str, ...]) -> ConstantWeighting:
        return ConstantWeighting(dict.fromkeys(members, 1.0 / len(members)))
