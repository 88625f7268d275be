"""How the members of a network share its trunk, as a configuration that builds the shared body."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Self

from pydantic import BaseModel, ConfigDict

__all__ = ["Sharing"]


class Sharing(BaseModel, ABC):
    """A way of sharing; its text is canonical, so that equal ways are equal strings in tables and hashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @abstractmethod
    def check(self, members: tuple[str, ...], n_stages: int) -> None:
        """ValueError unless it fits a network of ``members`` and a trunk of ``n_stages``."""

    @abstractmethod
    def alone(self, task: str) -> Self:
        """The same for a network of ``task`` alone."""

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def draw(self, served: Collection[str] | None = None) -> str:
        """A drawing in text; with ``served``, the other members stand in parentheses."""
