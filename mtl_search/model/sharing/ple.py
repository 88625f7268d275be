"""Progressive layered extraction (Tang et al. 2020): experts of all members and of each, level by level."""

from typing import ClassVar, Literal, final

from pydantic import Field, PositiveFloat
from typing_extensions import override

from mtl_search.features import FeatureSpec
from mtl_search.model.part import Repeats
from mtl_search.model.sharing.extraction import Experts, ExtractionBody
from mtl_search.model.sharing.sharing import Body, Members
from mtl_search.model.sharing.soft import SoftSharing
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["PleConfig"]


@final
class PleConfig(SoftSharing):
    """Every stage from ``start`` on is a level as of ``cgc``, whose experts are one stage each.

    Between levels a shared gate sees all experts, those of every member too: at level l

        h_m(l) = sum over e in shared and own_m       of softmax(W_m h_m(l-1) + b_m)_e f_e
        s(l)   = sum over e in shared and all members' of softmax(W   s(l-1)  + b  )_e f_e, but for the last

    with f_e = f_e(s(l-1)) for a shared expert and f_e(h_m(l-1)) for one of member m, both the features where
    experts begin at first. So with one stage from ``start`` on it is ``cgc``. The paper's levels may have
    experts of several layers and differ in their number; b, temperature and dropout are no part of it, and a
    head stands for its towers.

    >>> print(PleConfig(shared_experts=2, temperature=0.5))
    ple(shared_experts=2, task_experts=1, temperature=0.5)
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"temperature", "dropout"})

    name: Literal["ple"] = "ple"
    shared_experts: Repeats = 1
    task_experts: Repeats = 1
    temperature: PositiveFloat = 1.0
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @override
    def build_soft(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        experts = Experts(self.shared_experts, self.task_experts, self.temperature, self.dropout)
        return ExtractionBody(experts, trunk, spec, members, range(self.start, trunk.stages + 1))

    @override
    def copies_after(self, n_members: int) -> int:
        return self.shared_experts + self.task_experts * n_members

    @override
    def describe(self, member: str) -> str:
        what = f"{self.shared_experts} shared experts and {self.task_experts} of its own"
        return f"at each stage a gate over {what}"
