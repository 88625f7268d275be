"""The plain multi-layer perceptron, one layer a stage."""

from typing import ClassVar, Literal

from pydantic import Field, PositiveInt
from torch import nn

from mtl_search.data.rows import InputShape
from mtl_search.model.encoders.table import TableEncoder, encoded_width
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["Activation", "MlpConfig", "build_activation"]

Activation = Literal["relu", "gelu", "silu"]


class MlpConfig(Trunk):
    """A stage is one linear layer of ``width``, the activation and dropout.

    >>> MlpConfig(stages=2, width=8).build_stage(1, InputShape(n_numeric=4))
    Sequential(
      (0): Linear(in_features=8, out_features=8, bias=True)
      (1): ReLU()
    )
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["mlp"] = "mlp"
    width: PositiveInt = 128
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    activation: Activation = "relu"
    embedding_dim: PositiveInt | Literal["auto"] = "auto"

    @property
    def width_out(self) -> int:
        """The number of features that the last stage hands to the heads."""
        return self.width

    def build_encoder(self, shape: InputShape) -> nn.Module:
        """Numbers and embeddings side by side."""
        return TableEncoder(shape, self.embedding_dim)

    def build_stage(self, index: int, shape: InputShape) -> nn.Module:
        """Linear, activation, dropout (left out where it is 0)."""
        width_in = encoded_width(shape, self.embedding_dim) if index == 0 else self.width
        layers = [nn.Linear(width_in, self.width), build_activation(self.activation)]
        return nn.Sequential(*layers, *([nn.Dropout(self.dropout)] if self.dropout else []))


def build_activation(name: Activation) -> nn.Module:
    """The activation of this name."""
    kinds: dict[Activation, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}
    return kinds[name]()
