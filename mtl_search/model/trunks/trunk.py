"""What a trunk offers to a network: a chain of stages, each from features to features."""

from abc import abstractmethod

from pydantic import Field
from torch import nn

from mtl_search.design import MOST_STAGES
from mtl_search.features import FeatureSpec
from mtl_search.model.part import Part

__all__ = ["Trunk"]


class Trunk(Part):
    """The configuration of a trunk, which builds its stages; a user's own is a subclass of this.

    Without a stage (``stages: 0``) heads read what the encoder makes: a linear network of tables. What is
    drawn in training is drawn by `mtl_search.model.Dropout`, which follows the trial's generator.
    """

    stages: int = Field(default=3, ge=0, le=MOST_STAGES)

    @property
    def depth(self) -> int:
        """The stages of its branchings: one that computes nothing if it has none."""
        return max(1, self.stages)

    def specs(self, spec: FeatureSpec) -> list[FeatureSpec]:
        """What each stage reads, and at the end what the heads do; a Mismatch if the stages do not fit."""
        specs = [spec]
        for index in range(self.stages):
            specs.append(self.stage_out(index, specs[-1]))
        return specs

    @abstractmethod
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        """What stage ``index`` makes of features; a Mismatch, in words, if it cannot read them."""

    @abstractmethod
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        """Stage ``index``, which reads features of this form."""
