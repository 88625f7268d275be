"""Masks and maps beside their images: from a table to a Dataset, and masks of other sizes."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from mtl_search.data import Dataset, DataSpec, dataset_from_table
from mtl_search.errors import DataError
from mtl_search.tasks import PixelRegression, Segmentation, TaskConfig
from mtl_search.tasks.grids import Grids

ROWS = 60
PIXELS = np.random.default_rng(0).integers(0, 256, (ROWS, 6, 8), dtype=np.uint8)
MASKS = (PIXELS > 128).astype(np.uint8)


def png(values: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "png")
    return file.getvalue()


def load(
    image: Any, mask: Any, options: dict[str, Any] | None = None, **config: Any
) -> tuple[Dataset, torch.Tensor]:
    """The Dataset, and all encoded masks in some order."""
    spec = DataSpec.model_validate(
        {"source": "photos", "inputs": {"photo": {"kind": "image", **(options or {})}}}
    )
    tasks: dict[str, TaskConfig] = {
        "mask": Segmentation.Config.model_validate(config),
        "light": PixelRegression.Config(column="image_again"),
    }
    again = pa.array(PIXELS.tolist())
    table = pa.table({"photo": pa.array(image), "mask": pa.array(mask), "image_again": again})
    found = dataset_from_table(table, spec, tasks)
    assert found.test is not None
    return found, torch.cat(
        [found.train.targets["mask"], found.valid.targets["mask"], found.test.targets["mask"]]
    )


@pytest.mark.parametrize("size", [None, (3, 4), (12, 16)])
def test_masks_are_read_at_the_size_of_their_images(size: tuple[int, int] | None) -> None:
    options = {} if size is None else {"height": size[0], "width": size[1]}
    found, masks = load([png(of) for of in PIXELS], [None, *(png(of) for of in MASKS[1:])], options)
    assert masks.shape == (ROWS, *(size or (6, 8)))
    assert masks.dtype == torch.uint8
    assert masks.shape[1:] == found.train.inputs["image:photo"].shape[2:]
    assert found.tasks["mask"].output_shape == (2, *masks.shape[1:])
    assert sum(int(rows.labelled["mask"].sum()) for rows in (found.train, found.valid)) < ROWS
    flat = [None, *(mask.ravel().tolist() for mask in MASKS[1:])]
    _, of_lists = load([png(of) for of in PIXELS], flat, options, size=(6, 8))
    assert sorted(of_lists.flatten(1).tolist()) == sorted(masks.flatten(1).tolist())


def test_pixels_of_other_sizes_are_other_test_rows() -> None:
    images, masks = [png(of) for of in PIXELS], [png(of) for of in MASKS]
    of_sizes = [load(images, masks, {"height": side, "width": side})[0].test_rows for side in (4, 4, 8)]
    assert of_sizes[0] == of_sizes[1]
    assert not set(of_sizes[0].values()) & set(of_sizes[2].values())


@pytest.mark.parametrize("image", ["files", "lists"])
def test_a_mask_of_another_size_than_its_image_is_refused(image: str) -> None:
    images = [png(of) for of in PIXELS] if image == "files" else PIXELS.tolist()
    masks = [png(of) for of in MASKS]
    masks[7] = masks[9] = png(MASKS[7].T)
    message = r"column 'mask': expected labels as long as 'photo' is in each row \(6 x 8\), found 8 x 6 in"
    with pytest.raises(DataError, match=message):
        load(images, masks)


def test_flat_masks_are_of_the_size_of_flat_images() -> None:
    images, options = [of.ravel().tolist() for of in PIXELS], {"height": 6, "width": 8}
    _, masks = load(images, [mask.ravel().tolist() for mask in MASKS], options)
    assert sorted(masks.flatten(1).tolist()) == sorted(MASKS.reshape(ROWS, -1).tolist())
    with pytest.raises(DataError, match="'mask': expected 6 x 8 = 48 values, found 12 in 42 rows; size:"):
        load(images, [mask[:3, ::2].ravel().tolist() for mask in MASKS], options)
    with pytest.raises(DataError, match=r"as long as 'photo' is in each row \(6 x 8\), found 3 x 4"):
        load(images, [mask[:3, ::2].ravel().tolist() for mask in MASKS], options, size=(3, 4))


def test_without_an_image_there_is_nothing_to_lie_over() -> None:
    table = pa.table({"age": [at / 2 for at in range(ROWS)], "mask": [[0, 1]] * ROWS})
    with pytest.raises(DataError, match="an image among the inputs, found none"):
        dataset_from_table(table, DataSpec(source="t"), {"mask": Segmentation.Config()})


def test_a_mask_whose_head_is_cut_is_said_for_people() -> None:
    cut = pa.chunked_array([pa.array([b"\x89PNG\r\n\x1a\n and no more"])])
    with pytest.raises(DataError, match="bytes of PNG files, found a row that is none: its head cannot"):
        Grids(cut, "mask").sizes()
