"""What augmentation changes: pixels and the labels over them alike, in training alone."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from mtl_search.data import Dataset, DataSpec, InputShape, SplitSpec, dataset_from_table
from mtl_search.errors import Mismatch
from mtl_search.training import Score, Training, TrialConfig
from mtl_search.training.augment import AugmentConfig
from mtl_search.training.moves import Moves
from tests.fixtures.data import task_configs

SIDE = 8


@pytest.fixture(scope="module")
def scenes() -> Dataset:
    """A bright square on noise: its mask, and on which half it stands."""
    random = np.random.default_rng(0)
    masks = np.zeros((120, SIDE, SIDE), np.uint8)
    corners = random.integers(0, SIDE - 3, (120, 2))
    for mask, (y, x) in zip(masks, corners, strict=True):
        mask[y : y + 3, x : x + 3] = 1
    images = random.integers(0, 100, masks.shape).astype(np.uint8) + 120 * masks
    columns = {
        name: pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), SIDE * SIDE)
        for name, values in {"image": images, "mask": masks}.items()
    }
    table = pa.table({**columns, "left": pa.array((corners[:, 1] < 3).astype(float))})
    inputs: Any = {"image": {"kind": "image", "height": SIDE, "width": SIDE}}
    spec = DataSpec(source="scenes", split=SplitSpec(valid=0.3, test=0.2), inputs=inputs)
    return dataset_from_table(table, spec, task_configs({"mask": "segmentation", "left": "binary"}))


def drawn(rows: int = 64, **options: Any) -> Moves:
    return Moves.drawn(rows, options.get("flip"), options.get("shift", 0.0), torch.Generator().manual_seed(0))


def grid(rows: int) -> Tensor:
    return torch.arange(rows * 20).view(rows, 5, 4)


@pytest.mark.parametrize(("flip", "axes"), [("horizontal", (2,)), ("vertical", (1,)), ("both", (1, 2))])
def test_half_of_the_images_are_mirrored(flip: str, axes: tuple[int, ...]) -> None:
    before = grid(64)
    after = drawn(flip=flip).of(before)
    possible = [before, before.flip(axes[0])]
    possible += [image.flip(axes[1]) for image in possible] if len(axes) > 1 else []
    found = torch.stack([(after == image).flatten(1).all(1) for image in possible])
    assert (found.sum(0) == 1).all()
    assert (found.sum(1) > 64 / len(possible) / 2).all()


def test_shifts_repeat_the_border_and_go_as_far_as_they_may() -> None:
    image = torch.arange(10.0).expand(500, 10, 10)  # each pixel says in which column it stood
    after = drawn(500, shift=0.3).of(image)
    steps = 5 - after[:, 0, 5]
    assert set(steps.tolist()) == {-3, -2, -1, 0, 1, 2, 3}
    expected = (torch.arange(10) - steps[:, None]).clamp(0, 9)
    assert torch.equal(after, expected[:, None].expand(500, 10, 10))


def test_channels_and_masks_move_alike() -> None:
    moves, image = drawn(flip="both", shift=0.3), grid(64)
    moved = moves.of(image)
    assert torch.equal(moves.of(torch.stack([image, -image], dim=1)), torch.stack([moved, -moved], dim=1))


def test_nothing_is_drawn_and_nothing_changes_if_all_is_off(scenes: Dataset) -> None:
    generator = torch.Generator().manual_seed(0)
    batch = scenes.train.slice(0, 8)
    assert AugmentConfig().apply(batch, scenes.tasks, scenes.input_shape, generator) is batch
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(0).get_state())


def test_a_mask_moves_with_its_image_and_other_labels_stay(scenes: Dataset) -> None:
    batch, generator = scenes.train.slice(0, 32), torch.Generator().manual_seed(0)
    augment = AugmentConfig(flip="both", shift=0.2)
    moved = augment.apply(batch, scenes.tasks, scenes.input_shape, generator)
    bright = moved.inputs["image:image"][:, 0] >= 120
    assert torch.equal(bright, moved.targets["mask"] == 1)
    assert not torch.equal(moved.targets["mask"], batch.targets["mask"])
    assert torch.equal(moved.targets["left"], batch.targets["left"])
    again = augment.apply(batch, scenes.tasks, scenes.input_shape, torch.Generator().manual_seed(0))
    assert torch.equal(again.inputs["image:image"], moved.inputs["image:image"])


def test_training_sees_other_images_in_each_epoch_and_evaluation_the_same(scenes: Dataset) -> None:
    def losses(**augment: Any) -> list[float]:
        config = TrialConfig.model_validate(
            {
                "members": ["mask", "left"],
                "sharing": "left mask",
                "encoder": {"name": "image", "width": 4},
                "trunk": {"name": "cnn", "stages": 1, "width": 4},
                "augment": augment,
                "batch_size": 64,
                "epochs": 2,
            }
        )
        score = Score({name: task.metric for name, task in scenes.tasks.items()})
        training = Training(config, scenes, seed=0, score=score)
        return [sum(training.run_epoch().train_loss.values()) for _ in range(2)]

    plain, moved = losses(), losses(flip="horizontal", shift=0.1)
    assert plain != moved
    assert moved == losses(flip="horizontal", shift=0.1)
    assert moved[1] < moved[0]


def test_what_could_change_nothing_is_refused() -> None:
    AugmentConfig().check(InputShape(3))
    with pytest.raises(Mismatch, match="augment: expected images to flip or shift, found none"):
        AugmentConfig(flip="both").check(InputShape(3))


@pytest.mark.parametrize("options", [{"flip": "left"}, {"shift": 0.6}, {"shift": -0.1}, {"rotate": 3}])
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        AugmentConfig(**options)
