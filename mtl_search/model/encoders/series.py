"""The encoder of series: what stands at each step, standardised and projected."""

# B rows of a batch, L steps, C channels, W width

from typing import Literal, final

import torch
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data.shapes import Inputs, InputShape, SeriesShape
from mtl_search.features import SequenceSpec, Steps
from mtl_search.model.encoders.encoder import Encoder, cannot_read
from mtl_search.model.part import Size

__all__ = ["SeriesConfig", "SeriesEncoder"]


@final
class SeriesConfig(Encoder):
    """One column of series as a sequence of ``width``.

    >>> sound = SeriesShape("sound", 2, length=5, means=(0.0, 0.0), scales=(1.0, 1.0))
    >>> SeriesConfig(width=8).features(InputShape(series=(sound,)))
    SequenceSpec(width=8, length=5)
    """

    name: Literal["series"] = "series"
    width: Size = 64

    @override
    def features(self, shape: InputShape) -> SequenceSpec:
        return SequenceSpec(self.width, _only(shape).length)

    @override
    def build(self, shape: InputShape) -> nn.Module:
        return SeriesEncoder(_only(shape), self.width)


def _only(shape: InputShape) -> SeriesShape:
    if len(shape.series) != 1 or shape != InputShape(series=shape.series):
        raise cannot_read(shape, "series", "one series and nothing else")
    return shape.series[0]


@final
class SeriesEncoder(nn.Module):
    """Standardised channels through one linear layer, the same at each step.

    A series that is missing is one step that is all zeros once it is standardised.
    """

    means_C: Tensor
    scales_C: Tensor

    def __init__(self, shape: SeriesShape, width: int) -> None:
        super().__init__()
        self.key = shape.key
        self.register_buffer("means_C", torch.tensor(shape.means), persistent=False)
        self.register_buffer("scales_C", torch.tensor(shape.scales), persistent=False)
        self.linear = nn.Linear(shape.channels, width)

    def forward(self, inputs: Inputs) -> Steps:
        """The width at each step of a batch."""
        values_BLC, length_B1 = inputs[self.key], inputs[f"{self.key}:length"][:, None]
        places_L = torch.arange(values_BLC.shape[1], device=values_BLC.device)
        scaled_BLC = (values_BLC.float() - self.means_C) / self.scales_C
        there_BL = places_L < length_B1
        values_BLW = self.linear(scaled_BLC.masked_fill(~there_BL[..., None], 0.0))
        return Steps(values_BLW, places_L < length_B1.clamp_min(1))
