"""Images: pixels as bytes, all of one size; means and scales of the train rows go to the network."""

# N rows, H x W pixels, C channels

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal, Self, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, model_validator
from typing_extensions import override

from mtl_search.data.inputs.fitted import NOTHING, FittedInputs, InputOptions, one_each
from mtl_search.data.inputs.image_cells import (
    Images,
    are_bytes,
    cells_of,
    holds_images,
    may_be_images,
    read_images,
)
from mtl_search.data.inputs.pixels import BrokenImageError, Channels, Size, Stored, size_in
from mtl_search.data.notes import Note, listing
from mtl_search.data.shapes import ImageShape, Inputs, InputShape
from mtl_search.data.streamed import AnyTable, batches_of, select, type_of
from mtl_search.errors import DataError, Mismatch
from mtl_search.tasks.base import Layout

__all__ = ["ImageInputs", "ImageOptions", "image_columns"]

LOOKED_AT = 4096  # train rows that say how large images are
MEASURED = 64 * 2**20  # bytes of pixels that say how bright they are
BROKEN = 0.01  # share of broken images from which the column is wrong, not the row
JUDGED = 1000  # rows from which such a share is no chance


@final
class ImageOptions(InputOptions):
    """A column of images: encoded (PNG, JPEG, WebP), files by their paths, or lists of bytes.

    ``height`` and ``width`` are what all are resized to; they may be left out if the images are of one size
    that is known. ``channels``: 1 is grey, 3 red, green and blue; those of the images, if left out.
    """

    kind: Literal["image"] = "image"
    height: PositiveInt | None = Field(default=None, le=4096)
    width: PositiveInt | None = Field(default=None, le=4096)
    channels: Channels | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.height is None) != (self.width is None):
            raise ValueError("both height and width, or neither")
        return self


@final
@dataclass(frozen=True, slots=True)
class ImageInputs(FittedInputs):
    """Columns of images at one size each; a missing or broken image is not known, and all zeros."""

    columns: tuple[str, ...]
    images: tuple[ImageShape, ...]
    kind: Literal["image"] = "image"

    def __post_init__(self) -> None:
        one_each(self.columns)
        if (columns := tuple(image.column for image in self.images)) != self.columns:
            raise Mismatch(f"shapes of images in {', '.join(self.columns)}", ", ".join(columns))

    @staticmethod
    @override
    def reads(kind: pa.DataType) -> bool:
        """Never by its type alone, see ``image_columns``."""
        return False

    @classmethod
    @override
    def takes(cls, kind: pa.DataType) -> bool:
        return may_be_images(kind)

    @classmethod
    @override
    def fit(
        cls, train: AnyTable, columns: tuple[str, ...], options: Mapping[str, InputOptions] = NOTHING
    ) -> "ImageInputs":
        shapes = []
        for name in columns:
            said = options[name]
            assert isinstance(said, ImageOptions)
            shapes.append(_measured(train, name, _size(train, name, said)))
        return cls(columns, tuple(shapes))

    @property
    @override
    def shape(self) -> InputShape:
        return InputShape(images=self.images)

    @property
    @override
    def layouts(self) -> Mapping[str, Layout]:
        return {image.column: Layout(image.column, (image.height, image.width)) for image in self.images}

    @override
    def extents(self, table: pa.Table, column: str) -> NDArray[np.int64]:
        """The height and width; flat lists have those that all images become."""
        positions = self.layouts[column].positions
        return np.array([_extent(stored, positions) for stored in cells_of(table, column)]).reshape(-1, 2)

    @override
    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """``image:<column>``: uint8, N x C x H x W; ``image:<column>:known``: bool, N.

        DataError if more than one image of a hundred is broken.
        """
        inputs: Inputs = {}
        notes: list[Note] = []
        for image in self.images:
            found = read_images(table, image.column, _size_of(image))
            _check(found, image.column, least=JUDGED)
            notes.append(_note(found, image.column))
            pixels_NCHW = np.moveaxis(found.pixels_NHWC, 3, 1)
            inputs[image.key] = torch.from_numpy(np.require(pixels_NCHW, requirements=("C", "W")))
            inputs[f"{image.key}:known"] = torch.from_numpy(np.require(found.known_N, requirements="W"))
        return inputs, tuple(notes)


def image_columns(table: AnyTable, names: Iterable[str]) -> tuple[dict[str, ImageOptions], tuple[str, ...]]:
    """``(options, notes)``: those of these columns whose bytes are images."""
    found = [
        name
        for name in names
        if are_bytes(type_of(table, name))
        and any(holds_images(part[name]) for part in islice(batches_of(table, [name], LOOKED_AT), 1))
    ]
    why = "encoded images and {is} read as such"
    return dict.fromkeys(found, ImageOptions()), listing(found, f"holds {why}", f"hold {why}")


def _extent(stored: Stored | None, of_flat: tuple[int, ...]) -> tuple[int, ...]:
    """Height and width of one that is stored, -1 if it is missing or broken."""
    try:
        size = None if stored is None else size_in(stored)
    except BrokenImageError:
        return -1, -1
    if size is None:
        return (-1, -1) if stored is None else of_flat
    return size.height, size.width


def _size(train: AnyTable, name: str, said: ImageOptions) -> Size:
    """What the images of a column become: what is said of them, and else what most of them are."""
    sizes, lengths, reason = Counter[Size](), Counter[int](), ""
    parts = batches_of(_some(train, name, LOOKED_AT), [name])
    for stored in chain.from_iterable(cells_of(part, name) for part in parts):
        if stored is None:
            continue
        try:
            size = size_in(stored)
        except BrokenImageError as error:
            reason = reason or str(error)
        else:
            if size is None:
                assert isinstance(stored, np.ndarray)
                lengths[len(stored)] += 1
            else:
                sizes[size] += 1
    if lengths:
        return _size_of_flat(lengths.most_common(1)[0][0], name, said)
    if not sizes:
        raise DataError(f"column {name!r}", "images", reason or "none in the train rows")
    height, width = said.height, said.width
    if height is None or width is None:
        (height, width), *others = dict.fromkeys((size.height, size.width) for size, _ in sizes.most_common())
        if others:
            found = f"{height} x {width} and {others[0][0]} x {others[0][1]} pixels"
            hint = f"say to which all are resized: {name}: {{kind: image, height: {height}, width: {width}}}"
            raise DataError(f"column {name!r}", "images of one size", found, hint)
    return Size(said.channels or max(size.channels for size in sizes), height, width)


def _size_of_flat(length: int, name: str, said: ImageOptions) -> Size:
    """That of flat lists, which do not say it."""
    if said.height is None or said.width is None:
        side = math.isqrt(length // 3 if math.isqrt(length) ** 2 != length else length)
        hint = f"such as {name}: {{kind: image, height: {side}, width: {side}}}"
        raise DataError(f"column {name!r}", "height and width, which flat lists do not say", "neither", hint)
    numbers = said.height * said.width
    if length not in (numbers, 3 * numbers):
        expected = f"lists of {numbers} or {3 * numbers} numbers ({said.height} x {said.width}, grey or RGB)"
        raise DataError(f"column {name!r}", expected, f"lists of {length}")
    return Size(said.channels or (1 if length == numbers else 3), said.height, said.width)


def _measured(train: AnyTable, name: str, size: Size) -> ImageShape:
    """With mean and scale of each channel, from as many train rows as say enough."""
    chosen = _some(train, name, max(16, min(LOOKED_AT, MEASURED // size.numbers)))
    some = pa.concat_tables(batches_of(chosen, [name]))
    found = read_images(some, name, size)
    _check(found, name)
    pixels_MHWC = found.pixels_NHWC[found.known_N]
    if not len(pixels_MHWC):
        raise DataError(f"column {name!r}", "images", "none in the train rows")
    means, scales = [], []
    for channel in range(size.channels):
        counts = np.bincount(pixels_MHWC[..., channel].ravel(), minlength=256)
        mean = float(np.average(np.arange(256), weights=counts))
        means.append(mean)
        scales.append(math.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts)) or 1.0)
    return ImageShape(name, size.channels, size.height, size.width, tuple(means), tuple(scales))


def _size_of(image: ImageShape) -> Size:
    return Size(3 if image.channels == 3 else 1, image.height, image.width)


def _some(table: AnyTable, name: str, rows: int) -> AnyTable:
    """The column, of at most so many rows, evenly from all."""
    chosen = select(table, [name])
    if len(chosen) <= rows:
        return chosen
    return chosen.take(pa.array(np.linspace(0, len(chosen) - 1, rows).astype(np.int64)))


def _check(found: Images, name: str, least: int = 0) -> None:
    """DataError if so many are broken that the column is wrong; of few rows nothing is said."""
    rows, broken = len(found.known_N), len(found.reasons)
    if rows >= least and broken > BROKEN * rows:
        expected = f"images that can be read, all but {BROKEN:.0%}"
        raise DataError(
            f"column {name!r}", expected, f"{broken} of {rows} that cannot; the first: {found.reasons[0]}"
        )


def _note(found: Images, name: str) -> Note:
    """How many are broken and count as missing."""
    says = " cannot be read in {:,} of {:,} rows, which count as missing"
    return Note(
        f"column {name!r}", says, (len(found.reasons), len(found.known_N)), "".join(found.reasons[:1])
    )
