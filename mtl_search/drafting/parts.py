"""Labels of parts: columns with a label for each pixel of an image, or each token or step of a sequence."""

# N rows

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.data.frames import is_list, is_number
from mtl_search.data.inputs.image_cells import holds_images
from mtl_search.data.inputs.texts.columns import is_text
from mtl_search.drafting.media import Medium
from mtl_search.errors import DataError
from mtl_search.tasks.pixels import grids

__all__ = ["Parts", "labels_of_parts"]

MANY = 64  # numbers in each row, from which they are no list of labels
NEARLY = 0.9  # of the rows whose lists are as long as a sequence, from which all were meant to be
CLASSES = 254  # of a pixel
LOOKED_AT = 100  # rows


class Parts(NamedTuple):
    """A kind of task, why it is of that kind, and the input that its labels lie over."""

    kind: str
    reason: str
    over: str


def labels_of_parts(name: str, column: pa.ChunkedArray, media: Mapping[str, Medium]) -> Parts | None:
    """Whose parts the lists or images in a column label; None if they are lists of labels of a row.

    DataError if they are too many for that, and fit no input.
    """
    rows = column.drop_null().slice(0, LOOKED_AT)
    if holds_images(rows):
        return _of_images(name, rows, media)
    leaves, depth = rows, 0
    while is_list(leaves.type):
        leaves, depth = pc.list_flatten(leaves), depth + 1
    numbers = is_number(leaves.type)
    if numbers and len(rows) and len(leaves) % len(rows) == 0:
        found = _of_pixels(leaves, len(leaves) // len(rows), media)
        if found is not None:
            return found
    if depth == 1 and (is_text(leaves.type) or pa.types.is_integer(leaves.type)):
        found = _of_steps(column, media)
        if found is not None:
            return found
    if numbers and len(leaves) >= MANY * len(rows):
        expected = "an image of as many pixels, or a text or series of as many steps, among the inputs"
        raise DataError(f"task {name!r}", expected, f"none, and {len(leaves) // len(rows):,} labels a row")
    return None


def _of_pixels(values: pa.ChunkedArray, per_row: int, media: Mapping[str, Medium]) -> Parts | None:
    over = next((one for one, of in media.items() if of.pixels and np.prod(of.pixels) == per_row), None)
    if over is None:
        return None
    known = values.drop_null()
    kinds = pc.unique(known)
    where = f"each of the {per_row:,} pixels of {over}"
    bounds = pc.min_max(kinds).as_py()
    whole = pa.types.is_integer(kinds.type) and bounds["min"] >= 0 and bounds["max"] <= 255
    if whole and len(kinds) <= CLASSES:
        return Parts("segmentation", f"one of {len(kinds)} classes for {where}", over)
    return Parts("pixel_regression", f"a number for {where}", over)


def _of_images(name: str, rows: pa.ChunkedArray, media: Mapping[str, Medium]) -> Parts:
    """Of masks or maps that are stored as PNG files."""
    found = [grid[0] for grid in grids(rows, name, None, ()).rows() if grid is not None]
    shape = found[0].shape
    over = next((one for one, of in media.items() if of.pixels == shape), None)
    if over is None:
        what = f"images of {shape[0]} x {shape[1]} pixels, and none of that size among the inputs"
        raise DataError(f"task {name!r}", "labels of the pixels of an image", what)
    values = np.unique(np.concatenate([np.unique(grid) for grid in found]))
    where = f"each of the {shape[0]:,} x {shape[1]:,} pixels of {over}"
    if len(values) <= CLASSES and values.max() <= 255:
        return Parts("segmentation", f"one of {len(values)} classes for {where}", over)
    return Parts("pixel_regression", f"a number for {where}", over)


def _of_steps(column: pa.ChunkedArray, media: Mapping[str, Medium]) -> Parts | None:
    known_N = np.asarray(column.is_valid())
    lengths_N = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy())
    for over, medium in media.items():
        if medium.lengths_N is None:
            continue
        if (lengths_N == medium.lengths_N)[known_N].mean() >= NEARLY and lengths_N[known_N].max() > 1:
            labels = len(pc.unique(pc.list_flatten(column)).drop_null())
            return Parts("tagging", f"one of {labels} labels for each step of {over}", over)
    return None
