"""What encoders, trunks and ways of sharing have in common: frozen options with a name."""

from abc import ABC
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from mtl_search.own import path_of

__all__ = ["Part", "Repeats", "Size"]

Size = Annotated[int, Field(gt=0, le=2**20)]
"""Of a layer: beyond it no machine of today could hold what a sweep file says."""
Repeats = Annotated[int, Field(gt=0, le=1000)]
"""How many of its kind are built."""


class Part(BaseModel, ABC):
    """The configuration of a part of a network, which builds it.

    A part must be new with each call and draw its initial values from torch's global generator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    cost_free: ClassVar[frozenset[str]] = frozenset()
    """The options that change neither the number of parameters nor the FLOPs, such as dropout."""

    name: str = ""

    def model_post_init(self, context: object) -> None:
        """Name a class of the user's own by its import path, from which it is read again."""
        if (path := path_of(type(self))) is not None:
            object.__setattr__(self, "name", path)

    @property
    def cost_key(self) -> tuple[type, str]:
        """Equal for parts that cost the same."""
        return type(self), repr(self.model_dump(exclude=set(self.cost_free)))
