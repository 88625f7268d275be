"""What an encoder offers: features of a row's inputs."""

from abc import abstractmethod

from torch import nn

from mtl_search.data.shapes import InputShape
from mtl_search.features import FeatureSpec, width_for
from mtl_search.model.part import Part

__all__ = ["Encoder"]


class Encoder(Part):
    """The configuration of an encoder; a user's own is a subclass of this."""

    @abstractmethod
    def features(self, shape: InputShape) -> FeatureSpec:
        """What it makes of inputs of this shape; a Mismatch, in words, if it cannot read them."""

    def chunks(self, shape: InputShape) -> tuple[int, ...]:
        """How many neighbouring features come from each column in turn; one each, unless it knows better.

        A Mismatch if the features are no vector.
        """
        return (1,) * width_for("chunks of features", self.features(shape))

    @abstractmethod
    def build(self, shape: InputShape) -> nn.Module:
        """The module from ``Inputs`` to features."""
