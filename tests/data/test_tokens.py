"""Tags beside their texts and series: from a table to a Dataset, and rows with another number of them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mtl_search.data import Dataset, DataSpec, dataset_from_table
from mtl_search.errors import DataError
from mtl_search.tasks import Tagging

RANDOM = np.random.default_rng(0)
TEXTS = [[str(word) for word in RANDOM.choice(["a", "bb", "ccc"], 1 + row % 5)] for row in range(60)]
TAGS = [[word.upper() for word in text] for text in TEXTS]


def load(texts: Any, tags: Any, kind: str = "text", length: int = 4) -> Dataset:
    spec = DataSpec.model_validate({"source": "t", "inputs": {"words": {"kind": kind, "length": length}}})
    table = pa.table({"words": pa.array(texts), "tags": pa.array(tags)})
    return dataset_from_table(table, spec, {"tags": Tagging.Config()})


@pytest.mark.parametrize("texts", [TEXTS, [" ".join(text) for text in TEXTS]], ids=["lists", "strings"])
def test_tags_are_cut_with_their_tokens(texts: Any) -> None:
    rows = load(texts, TAGS).train
    assert rows.targets["tags"].shape[1] == 4
    assert ((rows.targets["tags"] >= 0) == (rows.inputs["text:words"] > 0)).all()


def test_tags_lie_over_the_steps_of_series() -> None:
    series = [[[float(len(word)), 0.5] for word in text] for text in TEXTS]
    rows = load(series, TAGS, "series").train
    there_N = (rows.targets["tags"] >= 0).sum(1)
    assert there_N.tolist() == rows.inputs["series:words:length"].tolist()


@pytest.mark.parametrize("kind", ["text", "series"])
def test_tags_of_another_number_than_the_tokens_are_refused(kind: str) -> None:
    texts: list[Any] = TEXTS if kind == "text" else [[[float(len(word))] for word in text] for text in TEXTS]
    tags: list[Any] = [None, *TAGS[1:]]
    tags[9] = ["A", "BB", "CCC", "A"]
    message = r"'tags': expected labels .*\(5\), found 4 in 1 row, the first 'A', 'BB', 'CCC'"
    with pytest.raises(DataError, match=message):
        load(texts, tags, kind)
    with pytest.raises(DataError, match=r"as long as 'words' is in each row \(0\), found 5 in 1 row"):
        load([*texts[:9], None, *texts[10:]], TAGS, kind)
