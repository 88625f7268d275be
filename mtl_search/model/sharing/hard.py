"""Hard parameter sharing (Caruana 1997): a branching says which members go through which copy of a stage."""

from collections.abc import Collection
from typing import Any

from pydantic import ConfigDict, model_serializer, model_validator
from typing_extensions import override

from mtl_search.design.branching import Branching
from mtl_search.model.sharing.sharing import Sharing

__all__ = ["HardSharing"]


class HardSharing(Sharing):
    """One copy of each stage for every node of a branching; written as the branching's text.

    >>> HardSharing.model_validate("cost age / age | cost").model_dump()
    'age cost / age | cost'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    branching: Branching

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        value = Branching.parse(value) if isinstance(value, str) else value
        return {"branching": value} if isinstance(value, Branching) else value

    @model_serializer
    def _to_text(self) -> str:
        return str(self)

    @override
    def check(self, members: tuple[str, ...], n_stages: int) -> None:
        if self.branching.members != members:
            raise ValueError(f"a branching of the members {members}, found {self.branching.members}")
        if self.branching.n_stages != n_stages:
            expected = f"a branching of {n_stages} stages, as the trunk has"
            raise ValueError(f"{expected}, found {self.branching.n_stages}")

    @override
    def alone(self, task: str) -> "HardSharing":
        return HardSharing(branching=self.branching.restrict((task,)))

    @override
    def __str__(self) -> str:
        return str(self.branching)

    @override
    def draw(self, served: Collection[str] | None = None) -> str:
        return self.branching.draw(served)
