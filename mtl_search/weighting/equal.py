"""Equal weights."""

from typing import Literal, final

from typing_extensions import override

from mtl_search.weighting.base import WeightingOptions
from mtl_search.weighting.constant import ConstantWeighting


@final
class EqualConfig(WeightingOptions):
    """The sum of the losses: every weight is 1."""

    name: Literal["equal"] = "equal"

    @override
    def build(self, members: tuple[str, ...]) -> ConstantWeighting:
        return ConstantWeighting(dict.fromkeys(members, 1.0))
