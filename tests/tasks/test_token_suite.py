"""The contract suite over tags of tokens and steps."""

from typing import Any

import numpy as np
import pyarrow as pa

from mtl_search.tasks import Column, Layout, Tagging, TaskConfig
from mtl_search.testing.task_suite import TaskSuite

LENGTH = 6


def tags(rows: int, seed: int, names: list[Any], longest: int = LENGTH) -> list[Any]:
    """Random tags of rows of one token and more, all of them in each of the first rows; some rows without."""
    generator = np.random.default_rng(seed)
    found: list[Any] = []
    for row in range(rows):
        length = longest if row < 8 else int(generator.integers(1, longest + 1))
        codes = generator.integers(0, len(names), length)
        codes[: len(names)] = np.arange(len(names))[:length]
        found.append(None if row >= 8 and generator.random() < 0.1 else [names[code] for code in codes])
    return found


class TestTagging(TaskSuite):
    def config(self) -> TaskConfig:
        return Tagging.Config()

    def layouts(self) -> dict[str, Layout]:
        return {"photo": Layout("photo", (4, 6)), "words": Layout("words", (LENGTH,))}

    def columns(self, rows: int, seed: int) -> list[Column]:
        return [pa.chunked_array([pa.array(tags(rows, seed, ["NOUN", "VERB", "X"]))])]


class TestSpans(TestTagging):
    """Spans in IOB2 over one of two inputs, tokens without a tag and texts that are cut."""

    def config(self) -> TaskConfig:
        options = {"metric": "span_f1", "missing": ["?"], "class_weights": "balanced", "over": "words"}
        return Tagging.Config.model_validate(options)

    def layouts(self) -> dict[str, Layout]:
        return {"sound": Layout("sound", (9,)), "words": Layout("words", (LENGTH,))}

    def steps(self) -> int:
        return LENGTH

    def columns(self, rows: int, seed: int) -> list[Column]:
        names = ["B-who", "I-who", "B-where", "I-where", "O", None, "?"]
        kind = pa.large_list(pa.dictionary(pa.int8(), pa.string()))
        return [pa.chunked_array([pa.array(tags(rows, seed, names, LENGTH + 2), kind)])]


class TestTaggingOfSteps(TestTagging):
    """Numbers in their own order, in lists of one size, one of which means none."""

    def config(self) -> TaskConfig:
        options = {"classes": [7, 3], "missing": [-1], "class_weights": {7: 2.0}, "metric": "macro_f1"}
        return Tagging.Config.model_validate(options)

    def columns(self, rows: int, seed: int) -> list[Column]:
        found = tags(rows, seed, [3, 7, -1])
        padded = [None if row is None else row + [-1] * (LENGTH - len(row)) for row in found]
        return [pa.chunked_array([pa.array(padded, pa.list_(pa.int16(), LENGTH))])]
