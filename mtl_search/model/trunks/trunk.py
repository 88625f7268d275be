"""What a trunk offers to a network: an encoder of the inputs and a chain of stages."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from mtl_search.data.rows import InputShape

__all__ = ["Trunk"]

BUILT_IN = "mtl_search.model.trunks."


class Trunk(BaseModel, ABC):
    """The configuration of a trunk, which builds its parts; a user's own trunk is a subclass of this.

    Without a stage (``stages: 0``) heads read what the encoder puts out: a linear network of tables.

    A network builds one encoder, and each stage once for every node of its branching, so a part must be
    new with each call and draw its initial values from torch's global generator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    cost_free: ClassVar[frozenset[str]] = frozenset()
    """The options that change neither the number of parameters nor the FLOPs, such as dropout."""

    name: str = ""
    stages: int = Field(default=3, ge=0)

    def model_post_init(self, context: object) -> None:
        """Name a trunk of the user's own by where its class is imported from, to be read again from there."""
        kind = type(self)
        if not kind.__module__.startswith(BUILT_IN):
            object.__setattr__(self, "name", f"{kind.__module__}:{kind.__qualname__}")

    @property
    def depth(self) -> int:
        """The stages of its branchings: one that computes nothing where a trunk has none."""
        return max(1, self.stages)

    def head_width(self, shape: InputShape) -> int:
        """The number of features that the heads get: of the encoder, where there is no stage."""
        if self.stages:
            return self.width_out
        with torch.device("meta"), torch.no_grad():
            features = self.build_encoder(shape).eval()(
                {
                    "numeric": torch.empty(1, shape.n_numeric),
                    "categorical": torch.empty(1, len(shape.cardinalities), dtype=torch.int64),
                }
            )
        return int(features.shape[1])

    @property
    @abstractmethod
    def width_out(self) -> int:
        """The number of features that the last stage hands to the heads."""

    @abstractmethod
    def build_encoder(self, shape: InputShape) -> nn.Module:
        """The part that turns ``Inputs`` into the B x F features that stage 0 reads."""

    @abstractmethod
    def build_stage(self, index: int, shape: InputShape) -> nn.Module:
        """Stage ``index``, from the features of the stage before (for 0: of the encoder) to its own."""
