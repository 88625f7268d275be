"""Grids of labels: however they are stored, the same pixels are read, and what is no grid is refused."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from mtl_search.errors import DataError
from mtl_search.tasks.grids import Grids, nearest_pixels

MASKS = np.arange(24).reshape(2, 3, 4) % 5


def png(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(values)).save(file, **{"format": "png", **options})
    return file.getvalue()


def read(values: list[Any], kind: pa.DataType | None = None, **options: Any) -> list[Any]:
    """The rows as the blocks have them, at 3 x 4."""
    grids = Grids(pa.chunked_array([pa.array(values, kind)]), "mask", **options)
    rows = [pair for block in grids.blocks((3, 4)) for pair in zip(*block, strict=True)]
    return [np.where(known, values.astype(float), -1).tolist() for values, known in rows]


FLAT = [None, *(mask.ravel().tolist() for mask in MASKS)]
NESTED = [None, *MASKS.tolist()]
FILES = [None, *(png(mask.astype(np.uint8)) for mask in MASKS)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (FLAT, pa.list_(pa.uint8(), 12)),
        (FLAT, pa.list_(pa.int64())),
        (FLAT, pa.large_list(pa.float32())),
        (NESTED, pa.list_(pa.list_(pa.int16()))),
        (NESTED, pa.list_(pa.list_(pa.uint8(), 4), 3)),
        (FILES, pa.binary()),
        (FILES, pa.large_binary()),
    ],
)
def test_every_way_of_storing_is_read_alike(values: list[Any], kind: pa.DataType) -> None:
    found = read(values, kind, size=(3, 4))
    assert found == [np.full((3, 4), -1).tolist(), *MASKS.tolist()]
    column = pa.chunked_array([pa.array(values, kind)])
    assert Grids(column, "mask", (3, 4)).sizes().tolist() == [[-1, -1], [3, 4], [3, 4]]


def test_pixels_of_many_bits_and_of_a_palette_are_their_numbers() -> None:
    deep = np.array([[0, 256, 65535, 7]] * 3, np.uint16)
    palette = Image.fromarray((MASKS[0] % 3).astype(np.uint8), "P")
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    file = io.BytesIO()
    palette.save(file, "png")
    assert read([png(deep), file.getvalue()]) == [deep.tolist(), (MASKS[0] % 3).tolist()]


def test_nulls_nan_and_missing_values_are_no_labels() -> None:
    values = [[float("nan"), None, 9.0, 4.5] * 3]
    assert read(values, size=(3, 4), missing=(9,)) == [[[-1, -1, -1, 4.5]] * 3]


@pytest.mark.parametrize("size", [(6, 8), (2, 2), (1, 4), (5, 7)])
def test_grids_are_resized_to_the_nearest_pixels_as_pillow_does(size: tuple[int, int]) -> None:
    values = np.random.default_rng(0).integers(0, 255, size).astype(np.uint8)
    expected = Image.fromarray(values).resize((4, 3), Image.Resampling.NEAREST)
    assert nearest_pixels(values, (3, 4)).tolist() == np.asarray(expected).tolist()
    assert read([values.ravel().tolist()], size=size) == [nearest_pixels(values, (3, 4)).tolist()]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1] * 11, [1] * 12], "'mask': expected 3 x 4 = 12 values, found 11 in 1 row; size: "),
        ([[[1, 2], [1]]], "expected lists of lines of one length, found lines of different lengths"),
        ([[[1, 2], None]], "expected lists of lines of one length"),
        ([[], [1] * 12], "found 0 in 1 row"),
        ([b"GIF89a"], "expected bytes of PNG files, found a row that is none"),
        ([FILES[1][:40]], "expected bytes of PNG files, found a row that is none"),
        ([FILES[1][:-30]], "expected bytes of PNG files, found a row that is none"),
        ([png(np.zeros((3, 4, 3), np.uint8))], "one value a pixel .* found 3 .RGB."),
        ([png(np.zeros((3, 4), np.uint8), format="jpeg")], "others, such as JPEG, change the values"),
        (["cat.png"], "expected grids of numbers .* found values of type string"),
        ([["a"]], "found values of type list"),
        ([[[[1]]]], "found values of type list"),
    ],
)
def test_what_is_no_grid_is_refused(values: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(values, size=(3, 4))
