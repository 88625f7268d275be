"""Multi-gate mixture of experts (Ma et al. 2018)."""

from typing import ClassVar, Literal, final

from pydantic import Field, PositiveFloat
from typing_extensions import override

from mtl_search.features import FeatureSpec
from mtl_search.model.part import Repeats
from mtl_search.model.sharing.extraction import Experts, ExtractionBody
from mtl_search.model.sharing.sharing import Body, Members
from mtl_search.model.sharing.soft import SoftSharing
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["MmoeConfig"]


@final
class MmoeConfig(SoftSharing):
    """All members see the same ``experts``, each through a gate of its own.

        h_m = sum over e of softmax(W_m x + b_m)_e f_e(x)

    with x the features where experts begin and f_e a chain of the trunk's own stages from there to its end.
    In the paper x is the input of the network; gates have neither b, temperature nor dropout (see `Gating`),
    and a tower of the task's own follows, for which its head stands here.

    >>> print(MmoeConfig(experts=3, start=1, dropout=0.1))
    mmoe(experts=3, dropout=0.1, start=1)
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"temperature", "dropout"})

    name: Literal["mmoe"] = "mmoe"
    experts: Repeats = 4
    temperature: PositiveFloat = 1.0
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @override
    def build_soft(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        experts = Experts(self.experts, 0, self.temperature, self.dropout)
        return ExtractionBody(experts, trunk, spec, members, (self.start, trunk.stages))

    @override
    def copies_after(self, n_members: int) -> int:
        return self.experts

    @override
    def describe(self, member: str) -> str:
        return f"gate over {self.experts} shared experts"
