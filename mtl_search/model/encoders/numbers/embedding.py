"""What a way to read numbers offers: an embedding of each column, or none."""

from abc import abstractmethod
from typing import TypeAlias

from torch import nn

from mtl_search.model.part import Part

__all__ = ["Embedding", "Quantiles"]

Quantiles: TypeAlias = tuple[tuple[float, ...], ...]
"""Those of the train rows, for each column: see ``InputShape``."""


class Embedding(Part):
    """The configuration of an embedding of numbers.

    It embeds the columns that have quantiles, all in one operation. Missing indicators and two-valued columns
    have none and stay as they are: on two values each function is linear.
    """

    @abstractmethod
    def chunk(self) -> int:
        """How many features a column becomes."""

    @abstractmethod
    def build(self, quantiles: Quantiles) -> nn.Module | None:
        """The module from numbers_BF of columns with these quantiles to their features; None: as they are."""
