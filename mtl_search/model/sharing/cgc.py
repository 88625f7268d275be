"""Customised gate control (Tang et al. 2020): experts of all members, and experts of each."""

from typing import ClassVar, Literal, final

from pydantic import Field, PositiveFloat
from typing_extensions import override

from mtl_search.features import FeatureSpec
from mtl_search.model.part import Repeats
from mtl_search.model.sharing.extraction import Experts, ExtractionBody
from mtl_search.model.sharing.sharing import Body, Members
from mtl_search.model.sharing.soft import SoftSharing
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["CgcConfig"]


@final
class CgcConfig(SoftSharing):
    """Each member's gate sees the ``shared_experts`` and the member's own ``task_experts``, not the others'.

        h_m = sum over e in shared and own_m of softmax(W_m x + b_m)_e f_e(x)

    with x the features where experts begin and f_e a chain of the trunk's own stages from there to its end.
    As with ``mmoe``, b, temperature and dropout are no part of the paper, and a head stands for its towers.

    >>> print(CgcConfig(shared_experts=2))
    cgc(shared_experts=2, task_experts=1)
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"temperature", "dropout"})

    name: Literal["cgc"] = "cgc"
    shared_experts: Repeats = 1
    task_experts: Repeats = 1
    temperature: PositiveFloat = 1.0
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @override
    def build_soft(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        experts = Experts(self.shared_experts, self.task_experts, self.temperature, self.dropout)
        return ExtractionBody(experts, trunk, spec, members, (self.start, trunk.stages))

    @override
    def copies_after(self, n_members: int) -> int:
        return self.shared_experts + self.task_experts * n_members

    @override
    def describe(self, member: str) -> str:
        return f"gate over {self.shared_experts} shared experts and {self.task_experts} of its own"
