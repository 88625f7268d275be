"""Residual convolutions of maps (He et al. 2016), normalised before they compute."""

# B rows of a batch, C channels, H x W places

import math
from typing import ClassVar, Literal, final

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, MapSpec, what_reads
from mtl_search.model.dropout import Dropout
from mtl_search.model.part import Repeats, Size
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["CnnConfig", "map_for"]


@final
class CnnConfig(Trunk):
    """A stage is ``blocks`` residual blocks; the first has ``width`` channels at the resolution it reads.

    Each later one halves the resolution and has ``growth`` times as many channels, as long as no side of
    the map becomes shorter than ``smallest``; from there on stages are alike. Where pixels are to be told
    apart, as in segmentation, ``smallest`` is what the heads start from: half or a quarter of the image's
    side is enough for contours, and costs more than 4, which does for classes of images. The last stage ends
    with a normalisation and a SiLU.

    "Identity mappings in deep residual networks" with group normalisation ("Group normalization", Wu and He
    2018) in the place of batch normalisation: it works on a batch of one row, is the same in training and
    evaluation, and no row depends on the others of its batch. Groups are ``groups``, or the largest number
    below that divides the channels. Where the resolution is halved, the shortcut is a mean over 2 x 2
    places and a linear layer (He et al. 2019, "Bag of tricks", ResNet-D).

    >>> trunk = CnnConfig(stages=4, width=16)
    >>> [str(spec) for spec in trunk.specs(MapSpec(16, 28, 28))[1:]]  # doctest: +NORMALIZE_WHITESPACE
    ['a map of 16 channels, 28 x 28', 'a map of 32 channels, 14 x 14', 'a map of 64 channels, 7 x 7',
    'a map of 128 channels, 4 x 4']
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["cnn"] = "cnn"
    width: Size = 32
    blocks: Repeats = 1
    growth: float = Field(default=2.0, ge=1.0, le=16.0)
    smallest: Size = 4
    groups: Size = 8
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> MapSpec:
        read = map_for("a cnn", spec)
        if index == 0:
            return MapSpec(self.width, read.height, read.width)
        if not self._halves(index, read):
            return read
        channels = round(read.channels * self.growth)
        return MapSpec(channels, math.ceil(read.height / 2), math.ceil(read.width / 2))

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        read, made = map_for("a cnn", spec), self.stage_out(index, spec)
        halves = self._halves(index, read)
        first = _Block(read.channels, made.channels, halves, self.groups, self.dropout)
        more = (
            _Block(made.channels, made.channels, False, self.groups, self.dropout)
            for _ in range(self.blocks - 1)
        )
        end = [_norm(made.channels, self.groups), nn.SiLU()] if index == self.stages - 1 else []
        return nn.Sequential(first, *more, *end)

    def _halves(self, index: int, read: MapSpec) -> bool:
        return index > 0 and math.ceil(min(read.height, read.width) / 2) >= self.smallest


@final
class _Block(nn.Module):
    def __init__(self, read: int, made: int, halves: bool, groups: int, dropout: float) -> None:
        super().__init__()
        self.norm = _norm(read, groups)
        self.first = nn.Conv2d(read, made, 3, stride=2 if halves else 1, padding=1, bias=False)
        drop = [Dropout(dropout)] if dropout else []
        second = nn.Conv2d(made, made, 3, padding=1)
        self.rest = nn.Sequential(_norm(made, groups), nn.SiLU(), *drop, second)
        self.halves = halves
        self.shortcut = nn.Identity() if read == made else nn.Conv2d(read, made, 1, bias=False)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        out: Tensor = self.rest(self.first(F.silu(self.norm(x_BCHW))))
        if self.halves:
            x_BCHW = F.avg_pool2d(x_BCHW, 2, ceil_mode=True, count_include_pad=False)
        short: Tensor = self.shortcut(x_BCHW)
        return out + short


def map_for(reader: str, spec: FeatureSpec) -> MapSpec:
    """The map that ``reader``, which reads nothing else, is given; else a Mismatch."""
    if not isinstance(spec, MapSpec):
        raise Mismatch(f"a map for {reader}, as the encoder image makes", str(spec), what_reads(spec))
    return spec


def _norm(channels: int, groups: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(n for n in range(1, min(groups, channels) + 1) if channels % n == 0), channels)
