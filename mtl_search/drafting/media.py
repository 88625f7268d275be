"""Media: which columns of a table are images, texts and series, how each is read, and why."""

# N rows

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.frames import is_flat, is_list, is_number, is_of_frames
from mtl_search.data.inputs.image import ImageOptions
from mtl_search.data.inputs.image_cells import cells_of, holds_images
from mtl_search.data.inputs.pixels import BrokenImageError, size_in
from mtl_search.data.inputs.series import SeriesOptions
from mtl_search.data.inputs.text import TextOptions
from mtl_search.data.inputs.texts.columns import is_text, is_token_list

__all__ = ["SHORT", "Medium", "media_of"]

LOOKED_AT = 100  # values that say what a column holds
IMAGE_FILE = r"(?i)\.(png|jpe?g|webp)$"
SMALLEST = 8  # pixels of a side of what is taken for an image
LABELS = 16  # different values, up to which pixels are labels if there is another image of that size
SIDE = 64  # pixels of a side that images of other sizes are read at
PROSE = 8.0  # words, from which text is read beside other inputs: fewer are a name, an address or a code
SHORT = 2.0  # words, from which text is read where there is nothing else
DIFFERENT = 0.5  # of texts, from which they are no categories


@final
@dataclass(frozen=True, slots=True, eq=False)
class Medium:
    """How a column is read, and why; labels lie over its ``pixels``, or the tokens or steps of each row."""

    options: ImageOptions | TextOptions | SeriesOptions
    reason: str
    pixels: tuple[int, int] | None = None
    lengths_N: NDArray[np.int64] | None = None

    @property
    def bytes_a_row(self) -> int:
        """About so many, once it is encoded; of texts and series, which are short, nobody asks."""
        options = self.options
        return 3 * (options.height or 0) * (options.width or 0) if isinstance(options, ImageOptions) else 0


def media_of(table: pa.Table, tasks: Collection[str], words: float = PROSE) -> Mapping[str, Medium]:
    """Those among the columns that are no tasks, strings if they are of so many words on average.

    ``table`` knows where it lies, for images in files.
    """
    found: dict[str, Medium] = {}
    for name in table.column_names:
        if name not in tasks and (medium := _medium(table, name, words)) is not None:
            found[name] = medium
    return {name: medium for name, medium in found.items() if not _is_labels(table, name, found)}


def _medium(table: pa.Table, name: str, words: float) -> Medium | None:
    column = table[name]
    kind, known = column.type, column.drop_null()
    if not len(known):
        return None
    if holds_images(column) or _names_images(known):
        return _of_files(table, name)
    if is_token_list(kind):
        return Medium(TextOptions(), f"lists of {_span(_lengths(column))} tokens", lengths_N=_lengths(column))
    if is_flat(kind):
        return _of_flat(known)
    if is_of_frames(kind):
        return _of_frames(column)
    return _of_text(known, words) if is_text(kind) else None


def _names_images(known: pa.ChunkedArray) -> bool:
    first = known.slice(0, LOOKED_AT)
    return is_text(known.type) and bool(
        pc.all(pc.match_substring_regex(first.cast(pa.string()), IMAGE_FILE)).as_py()
    )


def _of_files(table: pa.Table, name: str) -> Medium | None:
    """Encoded images, or files that hold them, at their size if they are of one that is small."""
    sizes = set()
    for stored in cells_of(table.select([name]).slice(0, LOOKED_AT), name):
        try:
            size = None if stored is None else size_in(stored)
        except BrokenImageError:
            continue
        if size is not None:
            sizes.add((size.height, size.width))
    if not sizes:
        return None
    height, width = max(sizes)
    said = f"{height} x {width} pixels"
    if len(sizes) == 1 and max(height, width) <= 2 * SIDE:
        return Medium(ImageOptions(height=height, width=width), f"images of {said}", (height, width))
    how = f"images of {said}" if len(sizes) == 1 else f"images of up to {said}"
    pixels = (height, width) if len(sizes) == 1 else None
    return Medium(ImageOptions(height=SIDE, width=SIDE), f"{how}; read at more, they take longer", pixels)


def _of_flat(known: pa.ChunkedArray) -> Medium | None:
    """An image of bytes, a square or three times one; or a series of numbers, where rows differ in length."""
    lengths = pc.unique(pc.list_value_length(known)).to_pylist()
    if len(lengths) > 1 and pa.types.is_floating(known.type.value_type):
        lengths_N = _lengths(known)
        return Medium(SeriesOptions(channels=1), f"lists of {_span(lengths_N)} numbers, one a step")
    if len(lengths) != 1 or not _are_bytes(known):
        return None
    for channels, colours in ((1, "grey"), (3, "red, green and blue")):
        side = isqrt(lengths[0] // channels)
        if side >= SMALLEST and channels * side**2 == lengths[0]:
            what = f"lists of {lengths[0]:,} bytes: {side} x {side} pixels, {colours}, unless you know better"
            return Medium(ImageOptions(height=side, width=side), what, (side, side))
    return None


def _of_frames(column: pa.ChunkedArray) -> Medium:
    """Rows of pixels, if they are bytes and all as many; else a series."""
    known = column.drop_null()
    lengths_N = _lengths(column)
    heights, inner = pc.unique(pc.list_value_length(known)).to_pylist(), pc.list_flatten(known)
    widths = pc.unique(pc.list_value_length(inner.slice(0, 100 * LOOKED_AT))).to_pylist()
    if len(heights) == len(widths) == 1 and min(*heights, *widths) >= SMALLEST and _are_bytes(inner):
        (height,), (width,) = heights, widths
        reason = f"lists of {height} lines of {width} bytes: an image, unless it is said to be a series"
        return Medium(ImageOptions(height=height, width=width), reason, (height, width))
    reason = f"lists of {_span(lengths_N)} steps of {widths[0]} number{'s' * (widths[0] != 1)}"
    return Medium(SeriesOptions(), reason, lengths_N=lengths_N)


def _of_text(known: pa.ChunkedArray, least: float) -> Medium | None:
    """Sentences that seldom repeat."""
    texts = known.cast(pa.string())
    first = texts.slice(0, 20 * LOOKED_AT)
    words = pc.mean(pc.list_value_length(pc.utf8_split_whitespace(first))).as_py()
    if words < least or len(pc.unique(texts)) <= DIFFERENT * len(texts):
        return None
    return Medium(TextOptions(), f"texts of about {words:.0f} words")


def _is_labels(table: pa.Table, name: str, media: Mapping[str, Medium]) -> bool:
    """Whether an image looks like labels of the pixels of another one."""
    mine = media[name]
    if not isinstance(mine.options, ImageOptions) or not is_list(table[name].type):
        return False
    others = [other for other, medium in media.items() if other != name and medium.pixels == mine.pixels]
    return (
        _different(table[name])
        <= LABELS
        < max(map(_different, (table[other] for other in others)), default=0)
    )


def _different(column: pa.ChunkedArray) -> int:
    """Different values in the first lists; many in what is no list."""
    values = _values(column)
    return LABELS + 1 if values is None else len(pc.unique(values))


def _are_bytes(lists: pa.ChunkedArray) -> bool:
    values = _values(lists)
    if values is None or not pa.types.is_integer(values.type):
        return False
    bounds = pc.min_max(values).as_py()
    return bounds["min"] is not None and bounds["min"] >= 0 and bounds["max"] <= 255


def _values(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The numbers of the first lists, however deep."""
    values = column.drop_null().slice(0, LOOKED_AT)
    while is_list(values.type):
        values = pc.list_flatten(values)
    return values if is_number(values.type) else None


def _lengths(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), np.int64)


def _span(lengths_N: NDArray[np.int64]) -> str:
    low, high = int(lengths_N.min()), int(lengths_N.max())
    return f"{low:,} to {high:,}" if low < high else f"{high:,}"
