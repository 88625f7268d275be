"""Soft sharing: from some stage on, each member weighs what several copies of the stages make."""

from abc import abstractmethod
from collections.abc import Collection, Hashable, Sequence
from typing import final

from pydantic import Field
from torch import nn
from typing_extensions import override

from mtl_search.design.branching import Branching
from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec
from mtl_search.model.sharing.hard import HardBody
from mtl_search.model.sharing.sharing import Body, Members, Sharing
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["SoftSharing", "chain"]

NEUTRAL = {"start": 0, "temperature": 1.0, "dropout": 0.0}
"""What options are without effect; the text of a way of sharing leaves these out."""


class SoftSharing(Sharing):
    """All members share the first ``start`` stages; what they do with the rest differs.

    Members have no order and no part of their own in the options, so that one configuration fits networks of
    any members. Where there is nothing to share, with one member or without a stage, it is a plain chain.
    """

    start: int = Field(default=0, ge=0)

    @final
    @override
    def check(self, members: Members, n_stages: int) -> None:
        if self.start >= n_stages:
            raise Mismatch(f"a start from 0 to {n_stages - 1} (the last stage)", str(self.start))

    @final
    @override
    def build(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        if len(members) == 1 or not trunk.stages:
            return HardBody(Branching.shared(members, trunk.depth), trunk, spec)
        return self.build_soft(trunk, spec, members)

    @abstractmethod
    def build_soft(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        """The body of two members or more on a trunk with stages."""

    @abstractmethod
    def copies_after(self, n_members: int) -> int:
        """How often a body has each stage from ``start`` on."""

    @final
    @override
    def copies(self, n_stages: int, n_members: int) -> Sequence[int]:
        after = self.copies_after(n_members) if n_members > 1 else 1
        return [1 if stage < self.start else after for stage in range(n_stages)]

    @final
    @override
    def cost_key_for(self, members: Members) -> Hashable:
        return self.cost_key, len(members)

    @final
    @override
    def __str__(self) -> str:
        """Its name with its options in parentheses, which no branching has."""
        values = {key: getattr(self, key) for key in (*_own_fields(type(self)), "start")}
        options = [f"{key}={value:.4g}" for key, value in values.items() if value != NEUTRAL.get(key)]
        return f"{self.name}({', '.join(options)})"

    @abstractmethod
    def describe(self, member: str) -> str:
        """What a member takes from where, in a few words for people."""

    @final
    @override
    def draw(self, members: Members, served: Collection[str] | None = None) -> str:
        plain = members if served is None else served
        names = {name: name if name in plain else f"({name})" for name in members}
        told = [self.describe(name) for name in members]
        width = max(map(len, told))
        ends = ["─┬─", *["  ├─"] * (len(members) - 2), "  └─"] if len(members) > 1 else ["───"]
        ends[0] = f"●{ends[0]}"
        rows = [
            f"{end} {what.ljust(width)} ─── {names[name]}"
            for end, what, name in zip(ends, told, members, strict=True)
        ]
        shared = [f"shared up to stage {self.start - 1}, from stage {self.start} on:"] if self.start else []
        return "\n".join([*shared, *rows])


def chain(trunk: Trunk, specs: Sequence[FeatureSpec], start: int, stop: int) -> nn.Module:
    """Stages ``start`` to before ``stop`` as one module; ``specs`` are those of the trunk."""
    return nn.Sequential(*(trunk.build_stage(stage, specs[stage]) for stage in range(start, stop)))


def _own_fields(kind: type[SoftSharing]) -> list[str]:
    return [key for key in kind.model_fields if key not in SoftSharing.model_fields]
