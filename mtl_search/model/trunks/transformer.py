"""Attention between the steps of a sequence (Vaswani et al. 2017), normalised before it computes."""

# B rows of a batch, L steps, W width, H heads, D width of a head

from typing import ClassVar, Literal, final

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, SequenceSpec, Steps, what_reads
from mtl_search.model.dropout import Dropout
from mtl_search.model.part import Repeats, Size
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["TransformerConfig"]

Positions = Literal["rotary", "learned", "none"]


@final
class TransformerConfig(Trunk):
    """A stage is ``layers`` layers of ``width``: attention of ``heads``, then a network at each step.

    A head is ``head_width`` wide, whatever the width; the network at a step is ``expansion`` times as wide
    inside. The first stage begins with a linear layer to ``width`` if features are of another; the last ends
    with a normalisation. ``rotary`` positions (Su et al. 2021) say how far apart two steps are, ``learned``
    ones where a step is. Steps that are not known are looked at by no other.

    PyTorch's own layer draws what it drops from the global generator, takes another path in evaluation, whose
    FLOPs are not counted, and knows no rotary positions: the layer is written here around its attention.
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["transformer"] = "transformer"
    width: Size = 128
    layers: Repeats = 1
    heads: Repeats = 4
    head_width: Size = Field(default=32, multiple_of=2)
    expansion: float = Field(default=2.0, gt=0.0, le=1000.0)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    positions: Positions = "rotary"

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        return SequenceSpec(self.width, _sequence(spec).length)

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        read, is_last = _sequence(spec), index == self.stages - 1
        start: list[nn.Module] = []
        if read.width != self.width:
            start.append(nn.Linear(read.width, self.width))
        if index == 0 and self.positions == "learned":
            start.append(_Learned(read.length, self.width))
        layers = [_Layer(self, read.length) for _ in range(self.layers)]
        end = nn.LayerNorm(self.width) if is_last else nn.Identity()
        return _Stage(nn.Sequential(*start), nn.ModuleList(layers), end)


def _sequence(spec: FeatureSpec) -> SequenceSpec:
    if isinstance(spec, SequenceSpec):
        return spec
    hint = f"encoders text and series make one, {what_reads(spec)}"
    raise Mismatch("a sequence for a transformer", str(spec), hint)


@final
class _Stage(nn.Module):
    def __init__(self, start: nn.Module, layers: nn.ModuleList, end: nn.Module) -> None:
        super().__init__()
        self.start, self.layers, self.end = start, layers, end

    def forward(self, features: Steps) -> Steps:
        values_BLW = self.start(features.values_BLW)
        for layer in self.layers:
            values_BLW = layer(values_BLW, features.known_BL)
        return Steps(self.end(values_BLW), features.known_BL)


@final
class _Learned(nn.Module):
    """A vector for each place, added."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.places_LW = nn.Parameter(torch.empty(length, width).normal_(std=0.02))

    def forward(self, values_BLW: Tensor) -> Tensor:
        out: Tensor = values_BLW + self.places_LW
        return out


@final
class _Layer(nn.Module):
    def __init__(self, config: TransformerConfig, length: int) -> None:
        super().__init__()
        width, hidden = config.width, max(1, round(config.width * config.expansion))
        rotary = config.positions == "rotary"
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = _Attention(width, config.heads, config.head_width, length if rotary else None)
        inner = [nn.Linear(width, hidden), nn.GELU(), Dropout(config.dropout), nn.Linear(hidden, width)]
        self.each_step = nn.Sequential(*inner)
        self.dropout = Dropout(config.dropout)

    def forward(self, values_BLW: Tensor, known_BL: Tensor) -> Tensor:
        attended_BLW = self.attention(self.norms[0](values_BLW), known_BL)
        values_BLW = values_BLW + self.dropout(attended_BLW)
        out: Tensor = values_BLW + self.dropout(self.each_step(self.norms[1](values_BLW)))
        return out


@final
class _Attention(nn.Module):
    cosine_LD: Tensor
    sine_LD: Tensor

    def __init__(self, width: int, heads: int, head_width: int, rotary_length: int | None) -> None:
        super().__init__()
        self.heads, self.rotary = heads, rotary_length is not None
        self.into = nn.Linear(width, 3 * heads * head_width)
        self.out = nn.Linear(heads * head_width, width)
        if rotary_length is not None:
            for name, table_LD in zip(
                ("cosine_LD", "sine_LD"), _turns(rotary_length, head_width), strict=True
            ):
                self.register_buffer(name, table_LD, persistent=False)

    def forward(self, values_BLW: Tensor, known_BL: Tensor) -> Tensor:
        joined = self.into(values_BLW).unflatten(-1, (3, self.heads, -1))  # B x L x 3 x H x D
        queries_BHLD, keys_BHLD, read_BHLD = joined.permute(2, 0, 3, 1, 4)
        if self.rotary:
            queries_BHLD, keys_BHLD = self._turned(queries_BHLD), self._turned(keys_BHLD)
        looked_at_BL = known_BL | ~known_BL.any(
            dim=1, keepdim=True
        )  # of a row without a step, all: it is finite
        mask = looked_at_BL[:, None, None, :]
        out_BHLD = F.scaled_dot_product_attention(queries_BHLD, keys_BHLD, read_BHLD, attn_mask=mask)
        out_BLW: Tensor = self.out(out_BHLD.transpose(1, 2).flatten(2))
        return out_BLW

    def _turned(self, values_BHLD: Tensor) -> Tensor:
        """Each pair of values as a point, turned around zero by an angle that grows with the place."""
        first, second = values_BHLD.chunk(2, dim=-1)
        turned: Tensor = values_BHLD * self.cosine_LD + torch.cat([-second, first], dim=-1) * self.sine_LD
        return turned.to(values_BHLD.dtype)


def _turns(length: int, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angles: from a step a radian down to a step a ten-thousandth of it."""
    speeds = 10_000.0 ** (-torch.arange(0, head_width, 2) / head_width)
    angles_LD = torch.outer(torch.arange(length), speeds).repeat(1, 2)
    return angles_LD.cos(), angles_LD.sin()
