"""Residual blocks for tables (Gorishniy et al. 2021), normalised before they compute."""

from typing import ClassVar, Literal

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from mtl_search.data.rows import InputShape
from mtl_search.model.encoders.table import TableEncoder, encoded_width
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["ResNetConfig"]


class ResNetConfig(Trunk):
    """A stage is ``blocks`` residual blocks of ``width``, ``expansion`` times as wide inside.

    The encoder ends with a linear layer to ``width``; the last stage with a normalisation and a ReLU.
    Layer normalisation stands where the paper has batch normalisation: it works on a batch of one row, is
    the same in training and evaluation, and no row depends on the others of its batch.
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["resnet"] = "resnet"
    width: PositiveInt = 128
    blocks: PositiveInt = 1
    expansion: float = Field(default=2.0, gt=0.0)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    embedding_dim: PositiveInt | Literal["auto"] = "auto"

    @property
    def width_out(self) -> int:
        """The number of features that the last stage hands to the heads."""
        return self.width

    def build_encoder(self, shape: InputShape) -> nn.Module:
        """Numbers and embeddings, brought to ``width`` by a linear layer."""
        linear = nn.Linear(encoded_width(shape, self.embedding_dim), self.width)
        return nn.Sequential(TableEncoder(shape, self.embedding_dim), linear)

    def build_stage(self, index: int, shape: InputShape) -> nn.Module:
        """Blocks, and the final normalisation in the last stage."""
        hidden = max(1, round(self.width * self.expansion))
        blocks = [_Block(self.width, hidden, self.dropout) for _ in range(self.blocks)]
        end = [nn.LayerNorm(self.width), nn.ReLU()] if index == self.stages - 1 else []
        return nn.Sequential(*blocks, *end)


class _Block(nn.Module):
    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        drop = [nn.Dropout(dropout)] if dropout else []
        layers = [nn.LayerNorm(width), nn.Linear(width, hidden), nn.ReLU(), *drop, nn.Linear(hidden, width)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out
