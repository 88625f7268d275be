"""Numbers as they are."""

from typing import Literal, final

from torch import nn
from typing_extensions import override

from mtl_search.model.encoders.numbers.embedding import Embedding, Quantiles

__all__ = ["Plain"]


@final
class Plain(Embedding):
    """Each number is a feature, as the inputs scaled it."""

    name: Literal["plain"] = "plain"

    @override
    def chunk(self) -> int:
        return 1

    @override
    def build(self, quantiles: Quantiles) -> nn.Module | None:
        return None
