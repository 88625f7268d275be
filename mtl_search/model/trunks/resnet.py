"""Residual blocks for tables (Gorishniy et al. 2021), normalised before they compute."""

from typing import ClassVar, Literal, final

from pydantic import Field
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.features import FeatureSpec, VectorSpec, what_reads, width_for
from mtl_search.model.dropout import Dropout
from mtl_search.model.part import Repeats, Size
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["ResNetConfig"]


@final
class ResNetConfig(Trunk):
    """A stage is ``blocks`` residual blocks of ``width``, ``expansion`` times as wide inside.

    The first stage begins with a linear layer to ``width``; the last ends with a normalisation and a ReLU.
    Layer normalisation takes the place of the paper's batch normalisation: it works on a batch of one row, is
    the same in training and evaluation, and no row depends on the others of its batch.
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["resnet"] = "resnet"
    width: Size = 128
    blocks: Repeats = 1
    expansion: float = Field(default=2.0, gt=0.0, le=1000.0)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        width_for("a resnet", spec, what_reads(spec))
        return VectorSpec(self.width)

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        start = [] if index else [nn.Linear(width_for("a resnet", spec), self.width)]
        hidden = max(1, round(self.width * self.expansion))
        blocks = [_Block(self.width, hidden, self.dropout) for _ in range(self.blocks)]
        end = [nn.LayerNorm(self.width), nn.ReLU()] if index == self.stages - 1 else []
        return nn.Sequential(*start, *blocks, *end)


@final
class _Block(nn.Module):
    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        drop = [Dropout(dropout)] if dropout else []
        layers = [nn.LayerNorm(width), nn.Linear(width, hidden), nn.ReLU(), *drop, nn.Linear(hidden, width)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out
