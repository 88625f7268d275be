"""The contract suite over every kind and its options."""

from typing import Any

import numpy as np
import pyarrow as pa

from mtl_search.tasks import Binary, Column, Multiclass, Multilabel, Regression, TaskConfig
from mtl_search.testing.task_suite import TaskSuite


def column(values: Any, seed: int, kind: pa.DataType | None = None) -> Column:
    """The values, about a tenth of them missing, the first few never."""
    holes = np.random.default_rng(seed + 99).random(len(values)) < 0.1
    holes[:8] = False
    return pa.chunked_array([pa.array(values, kind, mask=holes)])


def cycled(rows: int, seed: int, n_classes: int) -> Any:
    """Class numbers in random order; the first few are 0, 1, 2, ... again and again."""
    codes = np.random.default_rng(seed).integers(0, n_classes, rows)
    codes[:8] = np.arange(8) % n_classes
    return codes


class TestBinary(TaskSuite):
    def config(self) -> TaskConfig:
        return Binary.Config()

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [column(cycled(rows, seed, 2).astype(float), seed)]


class TestBalancedBinaryOfStrings(TestBinary):
    def config(self) -> TaskConfig:
        return Binary.Config(positive="ill", pos_weight="balanced", metric="average_precision")

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [column(np.array(["well", "ill"])[cycled(rows, seed, 2)], seed)]


class TestMulticlass(TaskSuite):
    def config(self) -> TaskConfig:
        return Multiclass.Config()

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [column(np.array(["a", "b", "c"])[cycled(rows, seed, 3)], seed).dictionary_encode()]


class TestWeightedSmoothMulticlass(TestMulticlass):
    def config(self) -> TaskConfig:
        return Multiclass.Config.model_validate(
            {"class_weights": {3: 2.5}, "label_smoothing": 0.1, "metric": "macro_f1"}
        )

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [column(cycled(rows, seed, 4), seed, pa.int16())]


class TestMultilabelOfColumns(TaskSuite):
    def config(self) -> TaskConfig:
        return Multilabel.Config(columns=("one", "two", "three"), pos_weight=2.0)

    def columns(self, rows: int, seed: int) -> list[Column]:
        flags = [column(cycled(rows, seed + i, 2), seed + i) for i in range(3)]
        nothing = np.zeros(rows, bool)
        nothing[20:30] = True
        arrays = (pa.array(flag.to_numpy(), mask=nothing, from_pandas=True) for flag in flags)
        return [pa.chunked_array([array]) for array in arrays]


class TestMultilabelOfLists(TaskSuite):
    def config(self) -> TaskConfig:
        return Multilabel.Config(pos_weight="balanced", metric="macro_f1")

    def columns(self, rows: int, seed: int) -> list[Column]:
        sets = [["x"], ["y", "x"], [], ["z", "y"]]
        return [column([sets[code] for code in cycled(rows, seed, 4)], seed, pa.list_(pa.string()))]


class TestRegression(TaskSuite):
    def config(self) -> TaskConfig:
        return Regression.Config()

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [column(np.random.default_rng(seed).normal(1000, 300, rows), seed)]


class TestHuber(TestRegression):
    def config(self) -> TaskConfig:
        return Regression.Config(loss="huber", delta=0.5, metric="r2")


class TestOrderedClasses(TestMulticlass):
    def config(self) -> TaskConfig:
        return Multiclass.Config(classes=("b", "c", "a"), class_weights="balanced")


class TestLog1p(TestRegression):
    def config(self) -> TaskConfig:
        return Regression.Config(transform="log1p", loss="huber", metric="mae")

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [column(np.random.default_rng(seed).lognormal(3, 1, rows), seed)]


class TestQuantileTransform(TestLog1p):
    def config(self) -> TaskConfig:
        return Regression.Config(transform="quantile", metric="r2")

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [column(np.random.default_rng(seed).uniform(-5, 5, rows) ** 3, seed)]
