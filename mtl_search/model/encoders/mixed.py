"""Rows of several kinds: each column of images, text or series as a vector, beside those of the table."""

# B rows of a batch, F features

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple, final

import torch
from pydantic import Field
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.features import FeatureSpec, MapSpec, Mean, VectorSpec
from mtl_search.model.encoders.encoder import Encoder
from mtl_search.model.encoders.image import ImageConfig
from mtl_search.model.encoders.series import SeriesConfig
from mtl_search.model.encoders.table import TableConfig
from mtl_search.model.encoders.text import TextConfig
from mtl_search.model.part import Repeats, Size
from mtl_search.model.trunks.cnn import CnnConfig
from mtl_search.model.trunks.conv1d import Conv1dConfig
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["MixedConfig"]

TABLE = TableConfig()
NARROWEST = 8  # channels of a map


@final
class MixedConfig(Encoder):
    """A vector of any inputs: numbers and levels as ``table`` reads them, ``width`` for every other column.

    Each of these has a small network of its own: images a `cnn` that ends with about ``width`` channels, text
    and series a `conv1d` of this width, both of ``stages`` stages. The mean over places or known steps is the
    vector of the column. What is after it, from stage 0 on, can be shared.

    >>> from mtl_search.data.shapes import SeriesShape
    >>> sound = SeriesShape("sound", 2, length=50, means=(0.0, 0.0), scales=(1.0, 1.0))
    >>> shape = InputShape(n_numeric=3, series=(sound,))
    >>> MixedConfig(width=16).chunks(shape)
    (1, 1, 1, 16)
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["mixed"] = "mixed"
    table: TableConfig = TABLE
    width: Size = 64
    stages: Repeats = 3
    kernel: Size = 5
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @override
    def features(self, shape: InputShape) -> VectorSpec:
        return VectorSpec(sum(self.chunks(shape)))

    @override
    def chunks(self, shape: InputShape) -> tuple[int, ...]:
        of_table = self.table.chunks(_table_of(shape))
        return of_table + (self.width,) * sum(1 for _ in self._columns(shape))

    @override
    def build(self, shape: InputShape) -> nn.Module:
        table = _table_of(shape)
        is_there = table.n_numeric or table.cardinalities
        parts = [self.table.build(table)] if is_there else []
        return _SideBySide([*parts, *(self._column(column) for column in self._columns(shape))])

    @override
    def values_within(self, shape: InputShape) -> int:
        columns = self._columns(shape)
        return max((math.prod(spec.shape) for column in columns for spec in column.specs), default=0)

    def _columns(self, shape: InputShape) -> Iterator["_Column"]:
        start = max(NARROWEST, self.width // 2 ** (self.stages - 1))
        of_maps = CnnConfig(stages=self.stages, width=start, dropout=self.dropout)
        of_steps = Conv1dConfig(
            stages=self.stages, width=self.width, kernel=self.kernel, dropout=self.dropout
        )
        for image in shape.images:
            yield _column(ImageConfig(width=start), InputShape(images=(image,)), of_maps)
        for text in shape.texts:
            yield _column(TextConfig(width=self.width), InputShape(texts=(text,)), of_steps)
        for series in shape.series:
            yield _column(SeriesConfig(width=self.width), InputShape(series=(series,)), of_steps)

    def _column(self, column: "_Column") -> nn.Module:
        stages = (column.trunk.build_stage(i, read) for i, read in enumerate(column.specs[:-1]))
        made = column.specs[-1]
        channels = made.channels if isinstance(made, MapSpec) else made.width
        end = [] if channels == self.width else [nn.Linear(channels, self.width)]
        return nn.Sequential(column.encoder.build(column.shape), *stages, Mean(made), *end)


class _Column(NamedTuple):
    """One column and how it is read: ``specs`` of what each stage reads, and of what the last makes."""

    encoder: Encoder
    shape: InputShape
    trunk: Trunk
    specs: list[FeatureSpec]


def _column(encoder: Encoder, shape: InputShape, trunk: Trunk) -> _Column:
    return _Column(encoder, shape, trunk, trunk.specs(encoder.features(shape)))


def _table_of(shape: InputShape) -> InputShape:
    return replace(shape, images=(), texts=(), series=())


@final
class _SideBySide(nn.Module):
    def __init__(self, parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, inputs: Inputs) -> Tensor:
        """The features_BF of a batch."""
        vectors = [part(inputs) for part in self.parts]
        return vectors[0] if len(vectors) == 1 else torch.cat(vectors, dim=1)
