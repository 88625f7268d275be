"""What flows between the encoder, the stages and the heads of a network: its shape for one row."""

# B rows of a batch, L steps, W width

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias, final

import torch
from torch import Tensor, nn

from mtl_search.errors import Mismatch

__all__ = [
    "FeatureSpec",
    "Features",
    "MapSpec",
    "Mean",
    "SequenceSpec",
    "Steps",
    "VectorSpec",
    "example",
    "linear_on",
    "n_rows",
    "what_reads",
    "width_for",
]


@final
@dataclass(frozen=True, slots=True)
class VectorSpec:
    """``width`` numbers a row: B x width."""

    width: int

    positions: ClassVar[tuple[int, ...]] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row."""
        return (self.width,)

    def __str__(self) -> str:
        return f"a vector of {self.width}"

    @property
    def size(self) -> str:
        """The same, shorter."""
        return f"{self.width}"


@final
@dataclass(frozen=True, slots=True)
class MapSpec:
    """``channels`` numbers at each place of a grid: B x channels x height x width."""

    channels: int
    height: int
    width: int

    positions: ClassVar[tuple[int, ...]] = (2, 3)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row."""
        return (self.channels, self.height, self.width)

    def __str__(self) -> str:
        return f"a map of {self.channels} channels, {self.height} x {self.width}"

    @property
    def size(self) -> str:
        """The same, shorter."""
        return f"{self.channels} x {self.height} x {self.width}"


@final
@dataclass(frozen=True, slots=True)
class SequenceSpec:
    """``width`` numbers at each of up to ``length`` steps: `Steps`."""

    width: int
    length: int

    positions: ClassVar[tuple[int, ...]] = (1,)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the values of one row."""
        return (self.length, self.width)

    def __str__(self) -> str:
        return f"a sequence of {self.length} steps of width {self.width}"

    @property
    def size(self) -> str:
        """The same, shorter."""
        return f"{self.length} steps of {self.width}"


FeatureSpec = VectorSpec | MapSpec | SequenceSpec
"""``positions`` are the axes of a batch that a row-level head takes the mean over."""


class Steps(NamedTuple):
    """Features of a sequence, and which steps there are: rows are of different lengths.

    What stands at a step that is not known means nothing: whoever looks at several steps must leave it out.
    """

    values_BLW: Tensor
    known_BL: Tensor


Features: TypeAlias = Tensor | Steps
"""What flows: `Steps` for a sequence, a tensor for a vector or a map."""


def n_rows(features: Features) -> int:
    """B."""
    return (features.values_BLW if isinstance(features, Steps) else features).shape[0]


def example(spec: FeatureSpec, rows: int = 1, device: str = "meta") -> Features:
    """Features of this form without values of any meaning.

    >>> example(SequenceSpec(width=8, length=5), rows=2).values_BLW.shape
    torch.Size([2, 5, 8])
    """
    values = torch.zeros(rows, *spec.shape, device=device)
    if isinstance(spec, SequenceSpec):
        return Steps(values, torch.ones(rows, spec.length, dtype=torch.bool, device=device))
    return values


def what_reads(spec: FeatureSpec) -> str:
    """Which trunk reads such features, as a hint.

    >>> what_reads(VectorSpec(8))
    'trunk mlp or resnet reads it'
    """
    trunks = {MapSpec: "cnn", SequenceSpec: "transformer or conv1d", VectorSpec: "mlp or resnet"}
    return f"trunk {trunks[type(spec)]} reads it"


def width_for(reader: str, spec: FeatureSpec, hint: str | None = None) -> int:
    """The width of the vector that ``reader``, which reads nothing else, is given; else a Mismatch.

    >>> width_for("an mlp", SequenceSpec(width=8, length=5))
    Traceback (most recent call last):
    ...
    mtl_search.errors.Mismatch: expected a vector for an mlp, found a sequence of 5 steps of width 8
    """
    if not isinstance(spec, VectorSpec):
        raise Mismatch(f"a vector for {reader}", str(spec), hint)
    return spec.width


def linear_on(spec: FeatureSpec, n_outputs: int) -> nn.Module:
    """A linear layer to B x ``n_outputs``, of the mean over positions if there are any.

    >>> spec = SequenceSpec(width=8, length=5)
    >>> linear_on(spec, 2)(example(spec, rows=3, device="cpu")).shape
    torch.Size([3, 2])
    """
    if isinstance(spec, VectorSpec):
        return nn.Linear(spec.width, n_outputs)
    channels = spec.channels if isinstance(spec, MapSpec) else spec.width
    return nn.Sequential(Mean(spec), nn.Linear(channels, n_outputs))


@final
class Mean(nn.Module):
    """The mean over the positions that are known: B x channels, or B x width; a vector as it is."""

    def __init__(self, spec: FeatureSpec) -> None:
        super().__init__()
        self.axes = spec.positions

    def forward(self, features: Features) -> Tensor:
        """Zero where a sequence has no step at all."""
        if isinstance(features, Steps):
            known_BL1 = features.known_BL[..., None]
            sum_BW = features.values_BLW.masked_fill(~known_BL1, 0.0).sum(dim=1)
            return sum_BW / known_BL1.sum(dim=1).clamp_min(1)
        return features.mean(dim=self.axes) if self.axes else features
