"""Columns of images: each way to store them, one size for all, and what is missing or broken."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from mtl_search.data import DataSpec, load_dataset
from mtl_search.data.folders import in_folder
from mtl_search.data.inputs import AnyInputs, AnyOptions, ImageInputs
from mtl_search.data.inputs.image import ImageOptions, image_columns
from mtl_search.data.notes import told
from mtl_search.data.separated import Layout
from mtl_search.data.streams import open_dataset
from mtl_search.data.text_streams import open_text
from mtl_search.errors import DataError
from tests.fixtures.data import task_configs

Pixels = NDArray[np.uint8]
GREY = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)


def encoded(pixels: Pixels, as_format: str = "PNG", **options: Any) -> bytes:
    written = BytesIO()
    Image.fromarray(pixels).save(written, as_format, **options)
    return written.getvalue()


def column(values: Any, kind: pa.DataType | None = None) -> pa.Table:
    return pa.table({"photo": pa.array(values, kind)})


def flat(images: Pixels) -> pa.Table:
    rows = images.reshape(len(images), -1)
    return pa.table({"photo": pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])})


def nested(images: Pixels) -> pa.Table:
    return column(images.tolist())


def fixed(images: Pixels) -> pa.Table:
    values: pa.Array = pa.array(images.ravel())
    for size in images.shape[:0:-1]:
        values = pa.FixedSizeListArray.from_arrays(values, size)
    return pa.table({"photo": values})


def as_bytes(images: Pixels) -> pa.Table:
    return column([encoded(image) for image in images])


def as_structs(images: Pixels) -> pa.Table:
    return column([{"bytes": encoded(image), "path": "x.png"} for image in images])


def fit(table: pa.Table, **options: Any) -> ImageInputs:
    return ImageInputs.fit(table, ("photo",), {"photo": ImageOptions(**options)})


def pixels(table: pa.Table, fitted: ImageInputs) -> NDArray[np.uint8]:
    """N x H x W x C."""
    return np.moveaxis(fitted.encode(table)["image:photo"].numpy(), 1, 3)


@pytest.mark.parametrize("stored", [flat, nested, fixed, as_bytes, as_structs])
@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey", "colour"])
def test_pixels_are_those_that_were_stored(stored: Callable[[Pixels], pa.Table], images: Pixels) -> None:
    table = stored(images)
    fitted = fit(table, height=5, width=4)
    expected = images.reshape(6, 5, 4, -1)
    np.testing.assert_array_equal(pixels(table, fitted), expected)
    (shape,) = fitted.shape.images
    assert (shape.height, shape.width, shape.channels) == (5, 4, expected.shape[3])
    np.testing.assert_allclose(shape.means, expected.mean((0, 1, 2)))
    np.testing.assert_allclose(shape.scales, expected.std((0, 1, 2)))
    assert fitted.layouts["photo"].positions == (5, 4)
    if stored is not flat:
        assert fit(table) == fitted, "all are of one size"


def test_files_are_found_beside_the_table(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for row, image in enumerate(GREY):
        (tmp_path / f"photos/{row}.webp").write_bytes(encoded(image, "WEBP", lossless=True))
    table = in_folder(column([f"photos/{row}.webp" for row in range(6)]), tmp_path)
    np.testing.assert_array_equal(pixels(table, fit(table, channels=1))[..., 0], GREY)


@pytest.mark.parametrize("stored", [nested, fixed, as_bytes])
def test_images_become_one_size_and_the_channels_that_are_asked_for(stored: Any) -> None:
    table = stored(COLOUR)
    found = pixels(table, fit(table, height=2, width=3, channels=1))
    expected = [
        Image.fromarray(image).convert("L").resize((3, 2), Image.Resampling.BILINEAR) for image in COLOUR
    ]
    np.testing.assert_array_equal(found[..., 0], np.stack([np.asarray(image) for image in expected]))


def test_grey_images_among_others_get_three_equal_channels() -> None:
    table = column([encoded(GREY[0]), encoded(COLOUR[1])])
    found = pixels(table, fit(table))
    np.testing.assert_array_equal(found[0], GREY[0][..., None].repeat(3, axis=2))


@pytest.mark.parametrize("stored", [flat, fixed, as_bytes])
def test_a_missing_image_is_not_known(stored: Any) -> None:
    images = stored(GREY)["photo"]
    table = pa.table({"photo": pa.array([*images.to_pylist()[:5], None], images.type)})
    inputs, notes = fit(table, height=5, width=4).encode_with_notes(table)
    assert inputs["image:photo:known"].tolist() == [True] * 5 + [False]
    assert not inputs["image:photo"][5].any()
    np.testing.assert_array_equal(inputs["image:photo"][:5, 0], GREY[:5])
    assert told(notes) == ()


BROKEN: Mapping[str, tuple[Callable[[Path], Any], str]] = {
    "cut": (lambda _: encoded(GREY[1])[:60], "an image that is broken|truncated"),
    "text": (lambda _: b"hello", "5 bytes that are no PNG, JPEG or WebP"),
    "no file": (lambda _: "none.png", "no file at .*none.png"),
    "no image": (lambda folder: _write(folder / "x.png", b"hello"), "x.png, which is no PNG, JPEG or WebP"),
    "short": (lambda _: [1, 2, 3], "a list of 3 numbers"),
    "hole": (lambda _: [None, *[1] * 19], "a list of 0 numbers"),
}


def _write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return path.name


@pytest.mark.parametrize("fault", BROKEN)
def test_few_broken_images_are_missing_and_more_are_an_error(fault: str, tmp_path: Path) -> None:
    make, why = BROKEN[fault]
    value: Any = make(tmp_path)
    good: Any = encoded(GREY[0]) if isinstance(value, bytes) else GREY[0].ravel().tolist()
    if isinstance(value, str):
        good = _write(tmp_path / "good.png", encoded(GREY[0]))
    table = in_folder(column([*[good] * 199, value]), tmp_path)
    fitted = fit(table, height=5, width=4)
    inputs, notes = fitted.encode_with_notes(table)
    assert inputs["image:photo:known"].sum() == 199
    (note,) = told((*notes, *notes))
    assert note.startswith("column 'photo' cannot be read in 2 of 400 rows, which count as missing: ")
    with pytest.raises(DataError, match=rf"all but 1%, found 2 of 4 that cannot.*({why})"):
        fit(in_folder(column([good, value] * 2), tmp_path), height=5, width=4)
    with pytest.raises(DataError, match="found 20 of 1019"):
        fitted.encode(in_folder(column([good] * 999 + [value] * 20), tmp_path))
    assert fitted.encode(in_folder(column([value]), tmp_path))["image:photo:known"].tolist() == [False]


def test_cameras_that_lay_on_their_side_deep_grey_and_transparency() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(COLOUR[0], exif=exif)
    np.testing.assert_array_equal(pixels(column([turned]), fit(column([turned])))[0], np.rot90(COLOUR[0], -1))
    deep = encoded(GREY[0].astype(np.uint16) * 256 + 7)
    np.testing.assert_array_equal(pixels(column([deep]), fit(column([deep])))[0, ..., 0], GREY[0])
    clear = encoded(np.dstack([COLOUR[0], GREY[0]]))
    np.testing.assert_array_equal(pixels(column([clear]), fit(column([clear])))[0], COLOUR[0])


REFUSED = [
    (flat(GREY), {}, "expected height and width, which flat lists do not say"),
    (
        flat(GREY),
        {"height": 4, "width": 4},
        r"lists of 16 or 48 numbers \(4 x 4, grey or RGB\), found lists of 20",
    ),
    (
        column([encoded(GREY[0]), encoded(GREY[0].T)] * 2),
        {},
        "images of one size, found 5 x 4 and 4 x 5 pixels",
    ),
    (
        column([[0.5] * 20] * 3),
        {"height": 5, "width": 4},
        "from 0 to 255 as pixels, found 0.5; multiply by 255",
    ),
    (column([[256] * 20] * 3), {"height": 5, "width": 4}, "whole numbers from 0 to 255 as pixels, found 256"),
    (column([["a"] * 20] * 3), {"height": 5, "width": 4}, "found values of type string"),
    (column([1.0, 2.0]), {}, "lists of bytes, encoded images or paths of files, found values of type double"),
    (column([None, None], pa.binary()), {}, "expected images, found none in the train rows"),
    (
        column([None] * 2, pa.binary()),
        {"height": 2, "width": 2, "channels": 1},
        "found none in the train rows",
    ),
    (column([b"x", b"y"]), {}, "expected images, found 1 bytes that are no PNG"),
]


@pytest.mark.parametrize(("table", "options", "message"), REFUSED)
def test_what_is_no_column_of_images_is_refused(table: pa.Table, options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(table, **options)


@pytest.mark.parametrize("said", [{"height": 3}, {"height": 0, "width": 2}, {"channels": 2}, {"size": 3}])
def test_wrong_options_are_refused(said: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AnyOptions).validate_python({"kind": "image", **said})


def test_bytes_that_are_images_are_found_without_being_declared() -> None:
    others = {"sound": pa.array([b"RIFF....WAVE"] * 6), "none": pa.array([None] * 6, pa.binary())}
    table = pa.table({"photo": as_bytes(GREY)["photo"], "scan": as_structs(GREY)["photo"], **others})
    found, (note,) = image_columns(table, table.column_names)
    assert found == {"photo": ImageOptions(), "scan": ImageOptions()}
    assert note == "columns 'photo', 'scan' hold encoded images and are read as such"


def test_what_was_fitted_survives_json() -> None:
    fitted = fit(as_bytes(COLOUR))
    kind: TypeAdapter[Any] = TypeAdapter(AnyInputs)
    assert kind.validate_json(kind.dump_json(fitted)) == fitted


def _written(folder: Path) -> Path:
    """A table of paths beside their files, one of which is not there, and which of them are bright."""
    images = np.random.default_rng(0).integers(0, 100, (200, 6, 5)).astype(np.uint8)
    images[::2] += 100
    (folder / "photos").mkdir()
    for row, image in enumerate(images[1:], start=1):
        _write(folder / f"photos/{row}.png", encoded(image))
    path = folder / "table.csv"
    lines = [f"photos/{row}.png,{'no' if row % 2 else 'yes'}" for row in range(200)]
    path.write_text("\n".join(["photo,bright", *lines]))
    return path


def test_a_dataset_of_files_beside_its_table(tmp_path: Path) -> None:
    path = _written(tmp_path)
    spec = DataSpec(source=path.name, inputs={"photo": ImageOptions()})
    data = load_dataset(spec, task_configs({"bright": "binary"}), base=tmp_path)
    assert data.input_shape.images[0].height == 6
    assert sum(int(rows.inputs["image:photo:known"].sum()) for rows in data.splits.values()) == 199
    (note,) = [note for note in data.warnings if "cannot be read" in note]
    assert "no file at" in note
    assert (
        load_dataset(spec, task_configs({"bright": "binary"}), base=tmp_path).fingerprint == data.fingerprint
    )
    _write(tmp_path / "photos/7.png", encoded(np.full((6, 5), 50, np.uint8)))
    other = load_dataset(spec, task_configs({"bright": "binary"}), base=tmp_path)
    assert other.fingerprint != data.fingerprint, "though the table is the same"
    assert len(other.train) == len(data.train)
    bright = data.train.inputs["image:photo"].float().mean((1, 2, 3)) > 100
    assert (bright == (data.train.targets["bright"] == 1))[data.train.inputs["image:photo:known"]].all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_that_is_read_batch_by_batch_knows_its_folder(tmp_path: Path, suffix: str) -> None:
    path = _written(tmp_path)
    if suffix == "parquet":
        path = tmp_path / "table.parquet"
        pa_parquet.write_table(pa.table({"photo": [f"photos/{row}.png" for row in range(200)]}), path)
    stream = open_dataset(str(path), Path()) or open_text(str(path), Path(), Layout())
    batches = [batch.table for batch in stream.batches(["photo"], 64)]
    fitted = fit(batches[1])
    assert sum(int(fitted.encode(part)["image:photo:known"].sum()) for part in batches) == 199
