"""One stored image, as pixels of the size that is asked for."""

# H x W pixels, C channels

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

__all__ = ["BrokenImageError", "Channels", "Pixels", "Size", "Stored", "begins_image", "pixels_in", "size_in"]

Channels: TypeAlias = Literal[1, 3]
Pixels: TypeAlias = NDArray[np.uint8]
Stored: TypeAlias = bytes | Path | Pixels
"""An encoded image, the file of one, or its bytes: H x W x C, or flat in that order."""

FORMATS = ("PNG", "JPEG", "WEBP")
GREY = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "F"})
DEEP = frozenset({"I", "I;16", "I;16B"})  # 16 bits a pixel, of which the upper 8 are kept
ORIENTATION = 0x0112  # EXIF's tag of how the camera was held; from 5 on it lay on its side
FAULTS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)


class BrokenImageError(Exception):
    """An image that cannot be read, and why."""


class Size(NamedTuple):
    """What all images of a column become."""

    channels: Channels
    height: int
    width: int

    @property
    def numbers(self) -> int:
        """How many bytes an image is."""
        return self.channels * self.height * self.width


def begins_image(data: bytes) -> bool:
    """Whether bytes begin as those of a PNG, JPEG or WebP do."""
    is_webp = data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    return is_webp or data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))


def size_in(stored: Stored) -> Size | None:
    """The size it is stored in, None if a flat list does not say; no pixel is decoded.

    Raises BrokenImageError, as ``pixels_in`` does, for what is no image.
    """
    if isinstance(stored, np.ndarray):
        if stored.ndim == 1:
            return None
        height, width, channels = _grid(stored).shape
        return Size(3 if channels == 3 else 1, height, width)
    with _opened(stored) as image:
        lies = "exif" in image.info and image.getexif().get(ORIENTATION, 1) >= 5
        height, width = (image.width, image.height) if lies else (image.height, image.width)
        return Size(1 if image.mode in GREY else 3, height, width)


def pixels_in(stored: Stored, size: Size) -> Pixels:
    """H x W x C; resized (bilinear, antialiased) whatever its proportions, turned as EXIF says, without
    transparency."""
    image = _of_array(stored, size) if isinstance(stored, np.ndarray) else _decoded(stored, size)
    image = image.convert("L" if size.channels == 1 else "RGB")
    if image.size != (size.width, size.height):
        image = image.resize((size.width, size.height), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(size.height, size.width, size.channels)


def _opened(stored: bytes | Path) -> Image.Image:
    if isinstance(stored, Path) and not stored.is_file():
        raise BrokenImageError(f"no file at {stored}")
    try:
        return Image.open(BytesIO(stored) if isinstance(stored, bytes) else stored, formats=FORMATS)
    except FAULTS:
        what = f"{len(stored)} bytes that are" if isinstance(stored, bytes) else f"{stored}, which is"
        raise BrokenImageError(f"{what} no PNG, JPEG or WebP") from None


def _decoded(stored: bytes | Path, size: Size) -> Image.Image:
    with _opened(stored) as image:
        try:
            image.draft(None, (size.width, size.height))  # a large JPEG is decoded at a fraction of its size
            upright = ImageOps.exif_transpose(image)
        except FAULTS as error:
            where = f"{stored}: " if isinstance(stored, Path) else ""
            raise BrokenImageError(f"{where}{str(error) or 'an image that is broken'}") from None
    if upright.mode in DEEP:
        return Image.fromarray((np.asarray(upright).astype(np.uint16) >> 8).astype(np.uint8))
    return upright


def _of_array(pixels: Pixels, size: Size) -> Image.Image:
    if pixels.ndim == 1:
        channels = len(pixels) // (size.height * size.width)
        if channels not in (1, 3) or len(pixels) % channels:
            raise BrokenImageError(f"a list of {len(pixels)} numbers")
        pixels = pixels.reshape(size.height, size.width, channels)
    grid_HWC = _grid(pixels)
    return Image.fromarray(np.ascontiguousarray(grid_HWC[..., 0] if grid_HWC.shape[2] == 1 else grid_HWC))


def _grid(pixels: Pixels) -> Pixels:
    """H x W x C with one or three channels, which may have stood first."""
    if 0 not in pixels.shape:
        if pixels.ndim == 2:
            return pixels[..., None]
        if pixels.ndim == 3 and pixels.shape[2] in (1, 3):
            return pixels
        if pixels.ndim == 3 and pixels.shape[0] in (1, 3):
            return np.moveaxis(pixels, 0, 2)
    raise BrokenImageError(f"lists of {' x '.join(map(str, pixels.shape))} numbers")
