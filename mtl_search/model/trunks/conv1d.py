"""Residual convolutions along a sequence, normalised before they compute."""

# B rows of a batch, L steps, H halved steps, W width, K kernel

from typing import ClassVar, Literal, final

import torch
from pydantic import Field, field_validator
from torch import nn
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, SequenceSpec, Steps, what_reads
from mtl_search.model.dropout import Dropout
from mtl_search.model.part import Repeats, Size
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["Conv1dConfig"]


@final
class Conv1dConfig(Trunk):
    """A stage is ``blocks`` residual blocks of ``width``, each of two convolutions over ``kernel`` steps.

    With ``halve`` each stage first takes the larger of neighbouring steps, two by two, so that the next one
    sees twice as far; labels of each step need a trunk without. The first stage begins with a projection to
    ``width`` if its input is of another; the last ends with a normalisation and a ReLU.

    The blocks are those of He et al. 2016, normalised before they compute, for sequences. Layer normalisation
    at each step takes the place of batch normalisation: no row depends on the others of its batch, and none
    on how far it is padded. What stands at unknown steps is zero for every convolution.

    >>> Conv1dConfig(stages=2, width=8).specs(SequenceSpec(width=4, length=5))[-1]
    SequenceSpec(width=8, length=2)
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["conv1d"] = "conv1d"
    width: Size = 64
    blocks: Repeats = 1
    kernel: Size = 3
    halve: bool = True
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @field_validator("kernel")
    @classmethod
    def _has_a_middle(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise Mismatch("an odd kernel, whose middle is the step itself", str(kernel))
        return kernel

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        length = _of(spec).length
        return SequenceSpec(self.width, -(-length // 2) if self.halve else length)

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        width = _of(spec).width
        start: list[nn.Module] = [_Halve()] if self.halve else []
        if width != self.width:
            start.append(_EachStep(nn.Linear(width, self.width)))
        blocks = [_Block(self.width, self.kernel, self.dropout) for _ in range(self.blocks)]
        last = index == self.stages - 1
        end = [_EachStep(nn.Sequential(nn.LayerNorm(self.width), nn.ReLU()))] if last else []
        return nn.Sequential(*start, *blocks, *end)


def _of(spec: FeatureSpec) -> SequenceSpec:
    if not isinstance(spec, SequenceSpec):
        hint = f"encoders text and series make one, {what_reads(spec)}"
        raise Mismatch("a sequence for a conv1d", str(spec), hint)
    return spec


@final
class _Halve(nn.Module):
    """The largest of each two steps, of those that are known; a last one without a neighbour stays."""

    def forward(self, features: Steps) -> Steps:
        known_BL1 = features.known_BL[..., None]
        odd = features.known_BL.shape[1] % 2
        lowest = torch.finfo(features.values_BLW.dtype).min
        values_BLW = features.values_BLW.masked_fill(~known_BL1, lowest)
        pairs_BH2W = F.pad(values_BLW, (0, 0, 0, odd), value=lowest).unflatten(1, (-1, 2))
        known_BH = F.pad(features.known_BL, (0, odd)).unflatten(1, (-1, 2)).any(2)
        return Steps(pairs_BH2W.amax(2).masked_fill(~known_BH[..., None], 0.0), known_BH)


@final
class _EachStep(nn.Module):
    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, features: Steps) -> Steps:
        return Steps(self.layers(features.values_BLW), features.known_BL)


@final
class _Block(nn.Module):
    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=kernel // 2) for _ in range(2)
        )
        self.dropout = Dropout(dropout) if dropout else nn.Identity()

    def forward(self, features: Steps) -> Steps:
        unknown_BL1 = ~features.known_BL[..., None]
        inner_BLW = features.values_BLW
        for index, (norm, convolution) in enumerate(zip(self.norms, self.convolutions, strict=True)):
            inner_BLW = norm(inner_BLW).relu().masked_fill(unknown_BL1, 0.0)
            if index:
                inner_BLW = self.dropout(inner_BLW)
            inner_BLW = convolution(inner_BLW.transpose(1, 2)).transpose(1, 2)
        return Steps(features.values_BLW + inner_BLW, features.known_BL)
