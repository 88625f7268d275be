"""The plain multi-layer perceptron, one layer a stage."""

from typing import ClassVar, Literal, final

from pydantic import Field
from torch import nn
from typing_extensions import override

from mtl_search.features import FeatureSpec, VectorSpec, what_reads, width_for
from mtl_search.model.dropout import Dropout
from mtl_search.model.part import Size
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["Activation", "MlpConfig"]

Activation = Literal["relu", "gelu", "silu"]
ACTIVATIONS: dict[Activation, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


@final
class MlpConfig(Trunk):
    """A stage is one linear layer of ``width``, the activation and dropout.

    >>> MlpConfig(stages=2, width=8).build_stage(0, VectorSpec(4))
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
    )
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["mlp"] = "mlp"
    width: Size = 128
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    activation: Activation = "relu"

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        width_for("an mlp", spec, what_reads(spec))
        return VectorSpec(self.width)

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        layers = [nn.Linear(width_for("an mlp", spec), self.width), ACTIVATIONS[self.activation]()]
        return nn.Sequential(*layers, *([Dropout(self.dropout)] if self.dropout else []))
