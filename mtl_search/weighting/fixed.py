"""One weight for each task, chosen beforehand."""

from typing import Literal, final

from typing_extensions import override

from mtl_search.weighting.base import TaskWeights, WeightingOptions, check_tasks
from mtl_search.weighting.constant import ConstantWeighting


@final
class FixedConfig(WeightingOptions):
    """The sum of the losses times ``weights``, which name each member once.

    >>> FixedConfig(weights={"age": 0.5, "cost": 1.5}).build(("age", "death"))
    Traceback (most recent call last):
    ...
    mtl_search.errors.Mismatch: weights: expected one for each of age, death, found age, cost
    """

    name: Literal["fixed"] = "fixed"
    weights: TaskWeights

    @override
    def check(self, members: tuple[str, ...]) -> None:
        check_tasks(self.weights, members)

    @override
    def build(self, members: tuple[str, ...]) -> ConstantWeighting:
        self.check(members)
        return ConstantWeighting(self.weights)
