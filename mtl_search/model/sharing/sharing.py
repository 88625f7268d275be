"""How the members of a network share its trunk, as a configuration that builds the network's body."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from mtl_search.features import Features, FeatureSpec
from mtl_search.model.part import Part
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["Body", "Gate", "Members", "Sharing"]

Members = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a member takes from each expert of a level, row by row.

    ``level`` counts from 0; ``experts`` are names for people, one for each column of ``weights_BE``.
    """

    member: str
    level: int
    experts: tuple[str, ...]
    weights_BE: Tensor


class Body(nn.Module, ABC):
    """What is between encoder and heads: from the features of a row to those of each member."""

    spec: FeatureSpec
    """What each head reads."""

    @abstractmethod
    def forward(self, features: Features) -> dict[str, Features]:
        """The features of each member, by name."""

    @abstractmethod
    def parts(self) -> Sequence[tuple[Members, nn.Module]]:
        """All of its modules from the encoder to the heads, each with the members that go through it."""

    def gates(self, features: Features) -> tuple[Gate, ...]:
        """The gates of all levels on these rows, detached; none of a body without experts."""
        return ()


class Sharing(Part):
    """A way of sharing; its text is canonical, so that equal ways are equal strings in tables and hashes."""

    only_stages: ClassVar[bool] = False
    """Whether its bodies are ``copies`` of the trunk's stages and nothing else: their costs add up."""

    @abstractmethod
    def check(self, members: Members, n_stages: int) -> None:
        """ValueError unless it fits a network of ``members`` and a trunk of ``n_stages``."""

    @abstractmethod
    def build(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        """The body of a network of ``members`` on features of this form."""

    def copies(self, n_stages: int, n_members: int) -> Sequence[int]:
        """How often a body has each stage, or about that often."""
        return [n_members] * n_stages

    def cost_key_for(self, members: Members) -> Hashable:
        """Equal for bodies of one trunk that cost the same."""
        return self.cost_key, members

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def draw(self, members: Members, served: Collection[str] | None = None) -> str:
        """A drawing of a network of ``members`` in text; with ``served``, the others stand in parentheses."""
