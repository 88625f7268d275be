"""What an encoder offers: features of a row's inputs."""

from abc import abstractmethod

from torch import nn

from mtl_search.data.rows import InputShape
from mtl_search.features import FeatureSpec
from mtl_search.model.part import Part

__all__ = ["Encoder"]


class Encoder(Part):
    """The configuration of an encoder; a user's own is a subclass of this."""

    @abstractmethod
    def features(self, shape: InputShape) -> FeatureSpec:
        """What it makes of inputs of this shape; a Mismatch, in words, if it cannot read them."""

    @abstractmethod
    def build(self, shape: InputShape) -> nn.Module:
        """The module from ``Inputs`` to features."""
