"""What flows between the encoder, the stages and the heads of a network: its shape for one row."""

# B rows of a batch

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from mtl_search.errors import Mismatch

__all__ = ["FeatureSpec", "MapSpec", "SequenceSpec", "VectorSpec", "example", "linear_on", "width_for"]


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


@final
@dataclass(frozen=True, slots=True)
class SequenceSpec:
    """``width`` numbers at each of ``length`` steps: B x length x width."""

    width: int
    length: int

    positions: ClassVar[tuple[int, ...]] = (1,)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row."""
        return (self.length, self.width)

    def __str__(self) -> str:
        return f"a sequence of {self.length} steps of width {self.width}"


FeatureSpec = VectorSpec | MapSpec | SequenceSpec
"""``positions`` are the axes of a batch that a row-level head takes the mean over."""


def example(spec: FeatureSpec, rows: int = 1, device: str = "meta") -> Tensor:
    """Features of this form without values of any meaning.

    >>> example(SequenceSpec(width=8, length=5), rows=2).shape
    torch.Size([2, 5, 8])
    """
    return torch.zeros(rows, *spec.shape, device=device)


def width_for(reader: str, spec: FeatureSpec) -> int:
    """The width of the vector that ``reader``, which reads nothing else, is given; else a Mismatch.

    >>> width_for("an mlp", SequenceSpec(width=8, length=5))
    Traceback (most recent call last):
    ...
    mtl_search.errors.Mismatch: expected a vector for an mlp, found a sequence of 5 steps of width 8
    """
    if not isinstance(spec, VectorSpec):
        raise Mismatch(f"a vector for {reader}", str(spec))
    return spec.width


def linear_on(spec: FeatureSpec, n_outputs: int) -> nn.Module:
    """A linear layer to B x ``n_outputs``, of the mean over positions if there are any.

    >>> linear_on(SequenceSpec(width=8, length=5), 2)(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 2])
    """
    if isinstance(spec, VectorSpec):
        return nn.Linear(spec.width, n_outputs)
    channels = spec.channels if isinstance(spec, MapSpec) else spec.width
    return nn.Sequential(_Mean(spec.positions), nn.Linear(channels, n_outputs))


@final
class _Mean(nn.Module):
    def __init__(self, axes: tuple[int, ...]) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(dim=self.axes)
