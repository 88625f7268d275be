"""What tasks of pixels have in common: their options, and the head from a map to the image's resolution."""

# B rows, C channels of the head, K outputs, h x w places of the map, H x W pixels

import math
from abc import ABC
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, MapSpec
from mtl_search.tasks.base import Column, Level
from mtl_search.tasks.dense import DenseOptions, DenseTask
from mtl_search.tasks.grids import Grids, Size

__all__ = ["PixelHead", "PixelOptions", "PixelTask", "as_lists", "grids"]


class PixelOptions(DenseOptions, ABC):
    """The options of tasks of pixels: ``size``, the height and width of masks that are stored as flat lists
    (default: those of the image as networks read it)."""

    level: ClassVar[Level] = "pixel"

    size: Annotated[tuple[PositiveInt, PositiveInt], Field(strict=False)] | None = None

    def grids(self, name: str, column: Column) -> Grids:
        """The masks, or maps of numbers, in the column."""
        return grids(column, name, self.size or self.image_size, self.missing)

    @property
    def image_size(self) -> Size:
        """H x W."""
        height, width = self.layout.positions
        return height, width


class PixelTask(DenseTask, ABC):
    """A task with labels in grids over an image."""

    __slots__ = ()

    level: ClassVar[Level] = "pixel"

    positions: Size
    size: Size
    """The height and width of grids that are stored as flat lists."""
    missing: tuple[int | float | str, ...]

    def grids(self, column: Column) -> Grids:
        """Those in the column."""
        return grids(column, self.name, self.size, self.missing)

    @override
    def extents(self, columns: Sequence[Column]) -> NDArray[np.int64]:
        return self.grids(columns[0]).sizes()

    @override
    def head(self, spec: FeatureSpec) -> nn.Module:
        """To B x K x H x W, of a map; a Mismatch for other features."""
        if not isinstance(spec, MapSpec):
            raise Mismatch("a map to label pixels of, as trunk cnn makes of an image", str(spec))
        return PixelHead(spec, self.n_outputs, self.positions)


def grids(column: Column, name: str, size: Size | None, missing: Sequence[int | float | str]) -> Grids:
    """The column's grids, of structs with bytes those; text among ``missing`` is no pixel's value."""
    kind = column.type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        column = pc.struct_field(column, "bytes")
    return Grids(column, name, size, tuple(value for value in missing if not isinstance(value, str)))


def as_lists(values_NHW: NDArray[Any]) -> pa.Array:
    """A fixed-size list a row, of its pixels line by line."""
    flat = pa.array(values_NHW.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, math.prod(values_NHW.shape[1:]))


@final
class PixelHead(nn.Module):
    """A convolution to K outputs for each pixel that a place of the map stands for, and their rearrangement
    (sub-pixel convolution, Shi et al. 2016).

    It is linear: what pixels are is learned by the trunk, which tasks can share. Where the image is no whole
    multiple of the map, outputs are interpolated to its size.
    """

    def __init__(self, spec: MapSpec, n_outputs: int, size: Size) -> None:
        super().__init__()
        self.size = size
        self.factor = max(1, math.ceil(size[0] / spec.height), math.ceil(size[1] / spec.width))
        self.convolution = nn.Conv2d(spec.channels, n_outputs * self.factor**2, 1)

    def forward(self, map_BChw: Tensor) -> Tensor:
        """B x K x H x W."""
        outputs_BKHW = F.pixel_shuffle(self.convolution(map_BChw), self.factor)
        if tuple(outputs_BKHW.shape[2:]) != self.size:
            outputs_BKHW = F.interpolate(outputs_BKHW, self.size, mode="bilinear", align_corners=False)
        return outputs_BKHW
