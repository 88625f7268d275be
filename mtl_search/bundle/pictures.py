"""Arrays as PNG files, to be looked at: images, series as heat maps, masks with a colour for each class."""

# C channels, H x W pixels, L steps, K classes

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mtl_search.leaderboard import class_colours

__all__ = ["heat_png", "image_png", "mask_png", "series_png", "smaller"]

LARGEST = 112  # pixels of a side: what a page has room for
STEPS = 256  # of a series, beyond which some are left out


def image_png(pixels_CHW: NDArray[np.uint8]) -> bytes:
    """A grey or colour image; of other channels the first is shown."""
    channels = pixels_CHW if len(pixels_CHW) == 3 else pixels_CHW[:1]
    image = Image.fromarray(np.ascontiguousarray(np.moveaxis(channels, 0, -1).squeeze()))
    if (times := _times(pixels_CHW.shape[1:])) > 1:
        image = image.reduce(times)
    return _png(image)


def series_png(values_LC: NDArray[Any]) -> bytes:
    """A heat map, steps to the right, the first channel at the bottom; white is the largest value."""
    every = -(-len(values_LC) // STEPS)
    return heat_png(values_LC[::every].T[::-1].astype(np.float64))


def heat_png(values_HW: NDArray[np.float64], low: float | None = None, high: float | None = None) -> bytes:
    """Numbers from black, at ``low``, to white, at ``high``; transparent where they are not known."""
    known_HW = np.isfinite(values_HW)
    known = values_HW[known_HW]
    low = float(known.min(initial=np.inf)) if low is None else low
    high = float(known.max(initial=-np.inf)) if high is None else high
    scaled_HW = np.where(known_HW, (values_HW - low) / max(high - low, 1e-12), 0.0)
    grey = Image.fromarray(np.round(255 * scaled_HW.clip(0.0, 1.0)).astype(np.uint8))
    if known_HW.all():
        return _png(grey)
    both = Image.merge("LA", (grey, Image.fromarray(np.where(known_HW, 255, 0).astype(np.uint8))))
    return _png(both)


def mask_png(codes_HW: NDArray[np.integer[Any]], n_classes: int, clear: int) -> bytes:
    """The class of each pixel as its code, in its colour; class ``clear`` and all other codes are
    transparent."""
    codes_HW = smaller(codes_HW)
    inside_HW = (codes_HW >= 0) & (codes_HW < n_classes)
    image = Image.fromarray(np.where(inside_HW, codes_HW, n_classes).astype(np.uint8), "P")
    image.putpalette([value for colour in (*class_colours(n_classes), (0, 0, 0)) for value in colour])
    seen = bytes(0 if code in (clear, n_classes) else 255 for code in range(n_classes + 1))
    return _png(image, transparency=seen)


def smaller(values_HW: NDArray[Any]) -> NDArray[Any]:
    """As many of the rows and columns as a picture shows."""
    times = _times(values_HW.shape)
    return values_HW[::times, ::times]


def _times(sides: Sequence[int]) -> int:
    """By how much the sides are too long."""
    return -(-max(sides) // LARGEST)


def _png(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True, **options)
    return file.getvalue()
