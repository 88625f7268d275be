"""Images, texts, series and labels of their parts in a table: how a draft takes them."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from mtl_search.drafting import DraftData
from mtl_search.errors import DataError

Drafts = Callable[..., DraftData]
N = 400
random = np.random.default_rng(3)
PIXELS = random.integers(0, 256, (N, 64), np.uint8)
LENGTHS = random.integers(2, 6, N)
WORDS = ["the", "tall", "old", "tree", "stood", "by", "river", "and", "slept"]


def lists(values: Any, size: int) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(np.ascontiguousarray(values).reshape(-1), size)


def png(height: int, width: int) -> bytes:
    file = BytesIO()
    Image.fromarray(random.integers(0, 256, (height, width), np.uint8)).save(file, "png")
    return file.getvalue()


IMAGE = lists(PIXELS, 64)
TOKENS = [random.choice(WORDS, n).tolist() for n in LENGTHS]
TAGS = [["N" if word in ("tree", "river") else "O" for word in row] for row in TOKENS]
FRAMES = pa.array([random.normal(size=(n, 2)).tolist() for n in LENGTHS], pa.list_(pa.list_(pa.float32(), 2)))
MASK = lists((PIXELS > 200).astype(np.uint8), 64)
DEPTH = lists(random.normal(size=(N, 64)).astype(np.float32), 64)
SENTENCES = [" ".join(random.choice(WORDS, 10)) for _ in range(N)]
COMMANDS = [" ".join(random.choice(WORDS, 4)) for _ in range(N)]


def png_mask(pixels: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(np.asarray(pixels).reshape(8, 8)).save(file, "png")
    return file.getvalue()


PNG_MASK = [png_mask((pixels > 200).astype(np.uint8)) for pixels in PIXELS]
PNG_DEPTH = [png_mask(pixels.astype(np.uint16) * 300) for pixels in PIXELS]


@pytest.mark.parametrize(
    ("values", "spelled", "why"),
    [
        (IMAGE, {"kind": "image", "height": 8, "width": 8}, "lists of 64 bytes: 8 x 8 pixels, grey"),
        (lists(PIXELS.repeat(3), 192), {"kind": "image", "height": 8, "width": 8}, "red, green and blue"),
        ([png(9, 12) for _ in range(N)], {"kind": "image", "height": 9, "width": 12}, "images of 9 x 12"),
        (
            [png(9, 12 + i % 2) for i in range(N)],
            {"kind": "image", "height": 64, "width": 64},
            "images of up to 9 x 13 pixels; read at more",
        ),
        (PIXELS.reshape(N, 8, 8).tolist(), {"kind": "image", "height": 8, "width": 8}, "8 lines of 8 bytes"),
        (FRAMES, "series", "lists of 2 to 5 steps of 2 numbers"),
        ([[0.5] * n for n in LENGTHS], {"kind": "series", "channels": 1}, "2 to 5 numbers, one a step"),
        (TOKENS, "text", "lists of 2 to 5 tokens"),
        (SENTENCES, "text", "texts of about 10 words"),
    ],
)
def test_inputs(draft: Drafts, values: Any, spelled: object, why: str) -> None:
    data = draft(other=values)
    assert {name: options.spelled for name, options in data.spec.inputs.items()} == {"other": spelled}
    assert why in data.reasons["other"]
    assert data.uses.drop == {}


@pytest.mark.parametrize(
    ("other", "target", "kind", "why"),
    [
        (IMAGE, MASK, "segmentation", "one of 2 classes for each of the 64 pixels of other"),
        (IMAGE, DEPTH, "pixel_regression", "a number for each of the 64 pixels of other"),
        (IMAGE, PNG_MASK, "segmentation", "one of 2 classes for each of the 8 x 8 pixels of other"),
        (
            IMAGE,
            [{"bytes": mask, "path": None} for mask in PNG_MASK],
            "segmentation",
            "one of 2 classes for each of the 8 x 8 pixels of other",
        ),
        (IMAGE, PNG_DEPTH, "pixel_regression", "a number for each of the 8 x 8 pixels of other"),
        (TOKENS, TAGS, "tagging", "one of 2 labels for each step of other"),
        (FRAMES, TAGS, "tagging", "one of 2 labels for each step of other"),
        (
            TOKENS,
            [["a"] * (i % 2) + ["b"] * (i % 3 > 0) for i in range(N)],
            "multilabel",
            "lists of 2 labels",
        ),
    ],
)
def test_tasks_that_label_parts(draft: Drafts, other: Any, target: Any, kind: str, why: str) -> None:
    """Networks for these read the one input whose parts they label."""
    data = draft(("target", "ill"), other=other, target=target)
    assert (data.tasks[0].kind, data.tasks[0].reason) == (kind, why)
    assert (set(data.dataset.encoding.columns) == {"other"}) == (kind != "multilabel")


def test_labels_that_fit_no_input_are_refused(draft: Drafts) -> None:
    with pytest.raises(
        DataError, match=r"task 'target': expected an image of as many pixels.*found none, and 64"
    ):
        draft(("target",), target=MASK)
    with pytest.raises(DataError, match=r"task 'target': expected labels of .* 8 x 8 pixels, and none of"):
        draft(("target",), target=PNG_MASK)
    with pytest.raises(
        DataError, match=r"tasks: expected labels over one input, found 'other' of task 'target'"
    ):
        draft(("target", "tags"), other=IMAGE, target=MASK, tokens=TOKENS, tags=TAGS)


def test_another_mask_is_no_image(draft: Drafts) -> None:
    data = draft(
        ("target", "ill"),
        other=IMAGE,
        target=MASK,
        mask=lists(PIXELS > 100, 64).cast(pa.list_(pa.uint8(), 64)),
    )
    assert list(data.spec.inputs) == ["other"]
    assert "mask" in data.uses.drop
