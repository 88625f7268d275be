"""Hard parameter sharing (Caruana 1997): a branching says which members go through which copy of a stage."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Literal, final

from pydantic import ConfigDict, model_serializer, model_validator
from torch import nn
from typing_extensions import override

from mtl_search.design.branching import Branching
from mtl_search.features import Features, FeatureSpec
from mtl_search.model.sharing.sharing import Body, Members, Sharing
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["HardBody", "HardSharing"]

ENCODER = -1
"""The parent of the first stage's node."""


@final
class HardSharing(Sharing):
    """One copy of each stage for every node of a branching; written as the branching's text.

    >>> HardSharing.model_validate("cost age / age | cost").model_dump()
    'age cost / age | cost'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    only_stages: ClassVar[bool] = True

    name: Literal["hard"] = "hard"
    branching: Branching

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        value = Branching.parse(value) if isinstance(value, str) else value
        return {"branching": value} if isinstance(value, Branching) else value

    @model_serializer
    def _to_text(self) -> str:
        return str(self.branching)

    @override
    def check(self, members: Members, n_stages: int) -> None:
        if self.branching.members != members:
            raise ValueError(f"a branching of the members {members}, found {self.branching.members}")
        if self.branching.n_stages != n_stages:
            expected = f"a branching of {n_stages} stages, as the trunk has"
            raise ValueError(f"{expected}, found {self.branching.n_stages}")

    @override
    def build(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        return HardBody(self.branching, trunk, spec)

    @override
    def copies(self, n_stages: int, n_members: int) -> Sequence[int]:
        return [len(self.branching.nodes(stage)) for stage in range(n_stages)]

    @override
    def __str__(self) -> str:
        return str(self.branching)

    @override
    def draw(self, members: Members, served: Collection[str] | None = None) -> str:
        return self.branching.draw(served)


@final
class HardBody(Body):
    """A tree of stages; its nodes are visited once a forward pass, parents first.

    Nodes and parents are flat lists, not nested modules: a forward pass is one loop, and networks of one
    trunk can be trained side by side as one batched computation.
    """

    def __init__(self, branching: Branching, trunk: Trunk, spec: FeatureSpec) -> None:
        super().__init__()
        specs = trunk.specs(spec)
        self.spec = specs[-1]
        self._parents, self._members = _flatten(branching)
        self._leaves = {
            task: max(index for index, members in enumerate(self._members) if task in members)
            for task in branching.members
        }
        self.nodes = nn.ModuleList(
            trunk.build_stage(stage, specs[stage]) if trunk.stages else nn.Identity()
            for stage in range(branching.n_stages)
            for _ in branching.nodes(stage)
        )

    @override
    def forward(self, features: Features) -> dict[str, Features]:
        hidden: list[Features] = []
        for parent, node in zip(self._parents, self.nodes, strict=True):
            hidden.append(node(features if parent == ENCODER else hidden[parent]))
        return {task: hidden[leaf] for task, leaf in self._leaves.items()}

    @override
    def parts(self) -> Sequence[tuple[Members, nn.Module]]:
        return list(zip(self._members, self.nodes, strict=True))


def _flatten(branching: Branching) -> tuple[list[int], list[Members]]:
    """Each node's parent, as an index into the nodes in order of stage, and its members."""
    parents, members = [ENCODER], list(branching.nodes(0))
    for stage in range(1, branching.n_stages):
        first_of_parents = len(members) - len(branching.nodes(stage - 1))
        nodes = branching.nodes(stage)
        parents += [first_of_parents + branching.parent(stage, index) for index in range(len(nodes))]
        members += nodes
    return parents, members
