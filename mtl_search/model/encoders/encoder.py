"""What an encoder offers: features of a row's inputs."""

import math
from abc import abstractmethod

from torch import nn

from mtl_search.data.shapes import InputShape
from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, VectorSpec, width_for
from mtl_search.model.part import Part

__all__ = ["Encoder", "cannot_read"]


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

    def values_within(self, shape: InputShape) -> int:
        """How many values of a row are held between layers at once; 0: no more than those of a table.

        It decides how many rows go through a network in one pass.
        """
        spec = self.features(shape)
        return 0 if isinstance(spec, VectorSpec) else math.prod(spec.shape)

    @abstractmethod
    def build(self, shape: InputShape) -> nn.Module:
        """The module from ``Inputs`` to features."""


def cannot_read(shape: InputShape, reader: str, reads: str) -> Mismatch:
    """What to say of inputs that encoder ``reader`` cannot read: what they are, and which encoder does.

    >>> print(cannot_read(InputShape(n_numeric=3), "text", "one column of text"))
    expected one column of text for encoder text, found 3 numbers; encoder table reads these
    """
    alone = {"image": shape.images, "text": shape.texts, "series": shape.series}
    kinds = [kind for kind, columns in alone.items() if columns]
    if shape.is_table:
        fits = "table"
    elif len(kinds) == 1 and len(alone[kinds[0]]) == 1 and not (shape.n_numeric or shape.cardinalities):
        fits = kinds[0]
    else:
        fits = "mixed"
    return Mismatch(f"{reads} for encoder {reader}", shape.described, f"encoder {fits} reads these")
