"""Images, texts, series and labels of their parts that cannot be used: what is wrong is said, and where."""

import re
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from mtl_search.data import Dataset, DataSpec, dataset_from_table
from mtl_search.errors import UserError
from mtl_search.search import check_constraints
from mtl_search.sweep import SweepSpec
from tests.fixtures.data import task_configs

N = 60
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (N, 16), np.uint8)
IMAGE = {"kind": "image", "height": 4, "width": 4}
WORDS = [[f"w{i}", *["a", "b"][: i % 3]] for i in range(N)]
FRAMES = [[[float(i), 1.0]] * (2 + i % 3) for i in range(N)]
SPOILED = [[*FRAMES[0][:-1], [np.nan, 1.0]], *FRAMES[1:]]


def lists(values: Any, size: int = 16) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(np.ascontiguousarray(values).reshape(-1), size)


def png(height: int = 4, width: int = 4, seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    Image.fromarray(pixels).save(file := BytesIO(), "png")
    return file.getvalue()


FILES = [png(seed=i) for i in range(N)]
MASK = lists(PIXELS % 2)
TAGS = [["x", "y", "x"][: len(row)] for row in WORDS]


def made(
    inputs: dict[str, object], tasks: dict[str, object], columns: dict[str, Any], beside: bool = False
) -> Dataset:
    """The data of these columns and a task of a row, with a number ``beside`` them."""
    table = pa.table({"y": np.arange(N) % 2 == 0, **columns})
    if beside:
        table = table.append_column("number", pa.array(np.arange(N) / 7))
    spec = DataSpec.model_validate({"source": "table", "inputs": inputs})
    left_out = () if "y" in tasks else ("y",)
    return dataset_from_table(table, spec.model_copy(update={"drop": left_out}), task_configs(tasks))


NONE = pa.array([[]] * N, pa.list_(pa.string()))
Y: dict[str, object] = {"y": "binary"}
OF_PIXELS: dict[str, object] = {"mask": "segmentation"}
OF_TOKENS: dict[str, object] = {"tags": "tagging"}


@pytest.mark.parametrize(
    ("inputs", "tasks", "columns", "said"),
    [
        pytest.param(
            {"i": "image"},
            Y,
            {"i": [png(4, 4 + i % 2, i) for i in range(N)]},
            "images of one size",
            id="two sizes",
        ),
        pytest.param({"i": "image"}, Y, {"i": lists(PIXELS)}, "height and width", id="flat without a size"),
        pytest.param(
            {"i": {**IMAGE, "height": 5}},
            Y,
            {"i": lists(PIXELS)},
            "lists of 20 or 60 numbers",
            id="another size",
        ),
        pytest.param({"i": IMAGE}, Y, {"i": lists(PIXELS * 300.0)}, "column 'i'", id="numbers beyond bytes"),
        pytest.param({"i": IMAGE}, Y, {"i": [b"nothing %d" % i for i in range(N)]}, "images", id="no images"),
        pytest.param(
            {"i": IMAGE}, Y, {"i": [file[:-30] for file in FILES]}, "images that can be read", id="broken PNG"
        ),
        pytest.param({"i": IMAGE}, Y, {"i": [f"{i}.png" for i in range(N)]}, "images", id="no such files"),
        pytest.param({"i": IMAGE}, Y, {"i": np.arange(N)}, "inputs.i|column 'i'", id="image of a number"),
        pytest.param({"t": "text"}, Y, {"t": lists(PIXELS)}, "column 't'|inputs.t", id="text of numbers"),
        pytest.param(
            {}, Y, {"i": lists(PIXELS)}, "column 'i'.*under drop, or say what it is", id="undeclared"
        ),
        pytest.param(
            {"s": "series"}, Y, {"s": SPOILED}, "column 's'.*NaN|not finite|finite", id="series with NaN"
        ),
        pytest.param(
            {"s": "series"},
            Y,
            {"s": [[[1.0] * (1 + i % 2)] for i in range(N)]},
            "column 's'",
            id="ragged steps",
        ),
        pytest.param(
            {"s": "series"}, Y, {"s": [[1.0, float(i)] for i in range(N)]}, "channels", id="flat series"
        ),
        pytest.param({}, OF_PIXELS, {"mask": MASK}, "an image among", id="mask of no image"),
        pytest.param(
            {"i": IMAGE},
            OF_PIXELS,
            {"i": lists(PIXELS), "mask": lists(PIXELS[:, :15] % 2, 15)},
            "'mask'",
            id="mask size",
        ),
        pytest.param(
            {"i": IMAGE},
            {"mask": {"kind": "segmentation", "classes": [0, 1]}},
            {"i": lists(PIXELS), "mask": lists(PIXELS % 3)},
            "mask.*2",
            id="unknown class in a mask",
        ),
        pytest.param(
            {"i": IMAGE},
            OF_PIXELS,
            {"i": lists(PIXELS), "mask": lists(PIXELS / 3.0)},
            "mask",
            id="mask of fractions",
        ),
        pytest.param(
            {"i": IMAGE, "j": IMAGE},
            OF_PIXELS,
            {"i": lists(PIXELS), "j": lists(PIXELS), "mask": MASK},
            "say which with over",
            id="mask of two images",
        ),
        pytest.param(
            {"i": IMAGE},
            {"mask": {"kind": "segmentation", "over": "photo"}},
            {"i": lists(PIXELS), "mask": MASK},
            "over: expected the name of an input.*found 'photo'",
            id="mask over nothing",
        ),
        pytest.param(
            {},
            OF_TOKENS,
            {"w": WORDS, "tags": [*TAGS[:-1], ["x"] * 9]},
            "labels as long as .w. is",
            id="tags of another length",
        ),
        pytest.param({}, OF_TOKENS, {"w": WORDS, "tags": ["x"] * N}, "tags", id="tags that are no lists"),
        pytest.param({}, OF_TOKENS, {"w": NONE, "tags": NONE}, "tags", id="empty sentences"),
        pytest.param({}, OF_TOKENS, {"tags": TAGS}, "a text or a series among", id="tags of no text"),
    ],
)
def test_data_that_is_refused(
    inputs: dict[str, object], tasks: dict[str, object], columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=r"^table: .*expected .*found") as error:
        made(inputs, tasks, columns, beside=True)
    assert re.search(said, str(error.value))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("inputs", "tasks", "trial", "said"),
    [
        ({"i": IMAGE}, Y, {}, "encoder image"),
        ({"i": IMAGE}, Y, {"encoder": "text"}, "encoder image"),
        ({"w": "text"}, Y, {"encoder": "series"}, "encoder text"),
        ({"s": "series"}, Y, {"encoder": "table"}, "encoder series"),
        ({"i": IMAGE, "w": "text"}, Y, {"encoder": "image"}, "encoder mixed"),
        ({"i": IMAGE}, Y, {"encoder": "image"}, "cnn"),
        ({"i": IMAGE}, Y, {"encoder": "image", "trunk": {"name": "transformer", "stages": 1}}, "cnn"),
        ({"w": "text"}, Y, {"encoder": "text", "trunk": {"name": "cnn", "stages": 1}}, "transformer"),
        (
            {"s": "series"},
            Y,
            {"encoder": "series", "trunk": {"name": "resnet", "stages": 1}},
            "conv1d|transformer",
        ),
        ({"i": IMAGE}, OF_PIXELS, {"encoder": "mixed"}, "a map"),
        ({"w": "text"}, OF_TOKENS, {"encoder": "mixed"}, "a sequence"),
        ({"w": "text"}, OF_TOKENS, {"encoder": "text", "trunk": {"name": "conv1d", "stages": 1}}, "halve"),
    ],
)
def test_networks_that_do_not_fit(
    inputs: dict[str, object], tasks: dict[str, object], trial: dict[str, Any], said: str
) -> None:
    """What would do is said."""
    known = {"i": lists(PIXELS), "w": WORDS, "s": FRAMES, "mask": MASK, "tags": TAGS}
    columns = {name: known[name] for name in (*inputs, *(name for name in tasks if name != "y"))}
    value = {
        "name": "bad",
        "data": {"source": "table", "inputs": inputs},
        "tasks": tasks,
        "budget": {"trials": 1, "reference_trials": 1},
        "trial": {"members": "all", "sharing": "shared", "trunk": {"name": "mlp", "stages": 1}, **trial},
    }
    spec = SweepSpec.from_value(value)
    with pytest.raises(UserError, match=said) as error:
        check_constraints(spec, made(inputs, tasks, columns))
    assert "trial" in str(error.value)
