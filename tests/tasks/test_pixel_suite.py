"""The contract suite over the kinds of pixels, their options and the ways in which grids are stored."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from mtl_search.tasks import Column, Layout, PixelRegression, Segmentation, TaskConfig
from mtl_search.testing.task_suite import TaskSuite

SIZE = (4, 6)


def masks(rows: int, seed: int, classes: tuple[int, ...], size: tuple[int, int] = SIZE) -> NDArray[np.int64]:
    """Random classes, all of them in the first rows."""
    codes = np.random.default_rng(seed).integers(0, len(classes), (rows, *size))
    codes[:4, 0, :] = np.arange(size[1]) % len(classes)
    return np.array(classes)[codes]


def stored(grids: NDArray[Any], seed: int, kind: pa.DataType) -> Column:
    """The grids as flat lists, about a tenth of them missing."""
    holes = np.random.default_rng(seed + 99).random(len(grids)) < 0.1
    holes[:8] = False
    rows = [None if hole else grid.ravel().tolist() for hole, grid in zip(holes, grids, strict=True)]
    return pa.chunked_array([pa.array(rows, kind)])


class OfPixels(TaskSuite):
    """Labels over an image of 4 x 6."""

    def layouts(self) -> dict[str, Layout]:
        return {"photo": Layout("photo", SIZE), "words": Layout("words", (9,))}


class TestSegmentation(OfPixels):
    def config(self) -> TaskConfig:
        return Segmentation.Config()

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [stored(masks(rows, seed, (0, 1)), seed, pa.list_(pa.uint8(), 24))]


class TestWeightedSegmentationOfSomePixels(OfPixels):
    """Classes in another order, a value without a class, pixels that are null."""

    def config(self) -> TaskConfig:
        options = {"classes": [7, 300, 2], "missing": [255, "?"], "class_weights": {300: 3.0}}
        return Segmentation.Config.model_validate({**options, "dice": 0.5, "metric": "mean_dice"})

    def columns(self, rows: int, seed: int) -> list[Column]:
        values = masks(rows, seed, (7, 300, 2, 255)).astype(object)
        values[10:30, 1:3, 2] = None
        return [stored(values, seed, pa.list_(pa.int32()))]


class TestSegmentationByDice(OfPixels):
    """Lists of lines, larger than the image as it is read."""

    def config(self) -> TaskConfig:
        return Segmentation.Config(over="photo", dice=1.0, class_weights="balanced", metric="pixel_accuracy")

    def columns(self, rows: int, seed: int) -> list[Column]:
        column = stored(masks(rows, seed, (0, 1, 2), (8, 12)), seed, pa.list_(pa.int64()))
        rows_of = [
            None if flat is None else np.reshape(flat, (8, 12)).tolist() for flat in column.to_pylist()
        ]
        return [pa.chunked_array([pa.array(rows_of)])]


class TestSegmentationOfFiles(TestSegmentation):
    """PNG files of several sizes."""

    def columns(self, rows: int, seed: int) -> list[Column]:
        sizes = [SIZE, (8, 12), (2, 3)]
        found = [self.png(masks(4, seed + at, (0, 1), sizes[at % 3])[at % 4]) for at in range(rows)]
        holes = np.arange(rows) % 11 == 10
        return [pa.chunked_array([pa.array(found, pa.binary(), mask=holes)])]

    def png(self, mask: NDArray[np.int64]) -> bytes:
        file = io.BytesIO()
        Image.fromarray(mask.astype(np.uint8)).save(file, "png")
        return file.getvalue()


class TestPixelRegression(OfPixels):
    def config(self) -> TaskConfig:
        return PixelRegression.Config(missing=(0,))

    def columns(self, rows: int, seed: int) -> list[Column]:
        depths = np.random.default_rng(seed).uniform(1, 50, (rows, *SIZE))
        depths[20:40, 2] = 0
        return [stored(depths, seed, pa.list_(pa.float32(), 24))]


class TestLogarithmsOfPixels(TestPixelRegression):
    def config(self) -> TaskConfig:
        return PixelRegression.Config(missing=(0,), transform="log1p", metric="abs_rel", loss="huber")


class TestPixelRegressionByR2(TestPixelRegression):
    """Bytes of another size than the image as it is read."""

    def config(self) -> TaskConfig:
        return PixelRegression.Config(metric="r2", size=(8, 6))

    def columns(self, rows: int, seed: int) -> list[Column]:
        depths = np.random.default_rng(seed).integers(0, 256, (rows, 8, 6))
        return [stored(depths, seed, pa.list_(pa.uint8()))]
