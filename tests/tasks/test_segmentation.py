"""Segmentation: losses worked by hand, torchmetrics' values, classes and what is no class."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_jaccard_index

from mtl_search.errors import DataError, LabelError, Mismatch
from mtl_search.features import MapSpec, SequenceSpec, VectorSpec
from mtl_search.tasks import Layout, Segmentation

LAYOUTS = {"photo": Layout("photo", (1, 3))}


def column(*masks: list[Any] | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(masks, pa.list_(pa.int16()))])


def fit(*masks: list[Any] | None, **options: object) -> Segmentation:
    config = Segmentation.Config.model_validate(options).laid_over(LAYOUTS)
    task = config.fit("mask", [column(*masks)])
    assert isinstance(task, Segmentation)
    return task


def logits(*probabilities: list[float]) -> torch.Tensor:
    """N x 2 x 1 x 3, of the probabilities of the second class."""
    second_N13 = torch.tensor(probabilities)[:, None]
    return torch.stack([1 - second_N13, second_N13], dim=1).log()


def test_the_mean_is_over_all_labelled_pixels() -> None:
    task = fit([0, 0, 1])
    targets, labelled = task.encode([column([0, None, None], [1, 1, 0], None)])
    assert labelled.tolist() == [True, True, False]
    assert targets.tolist() == [[[0, 255, 255]], [[1, 1, 0]], [[255, 255, 255]]]
    loss = task.loss(logits([0.5, 0.1, 0.1], [0.25, 0.5, 0.75], [0.9, 0.9, 0.9]), targets, labelled)
    assert float(loss) == pytest.approx((math.log(2) + math.log(4) + math.log(2) + math.log(4)) / 4)


def test_class_weights_divide_the_loss_too() -> None:
    task = fit([0, 0, 1], class_weights={1: 3.0})
    loss = task.loss(logits([0.5, 0.5, 0.25]), *task.encode([column([0, 0, 1])]))
    assert float(loss) == pytest.approx((2 * math.log(2) + 3 * math.log(4)) / 5)
    assert fit([0, 0, 1], class_weights="balanced").weights == pytest.approx((0.75, 1.5))


def test_dice_is_of_each_row_and_counts_by_its_pixels() -> None:
    task = fit([0, 0, 1], dice=1.0)
    targets, labelled = task.encode([column([0, 0, 1], [1, None, None])])
    loss = task.loss(logits([0.5, 0.5, 0.5], [0.5, 0.9, 0.9]), targets, labelled)
    first = ((2 * 1.0 + 1) / (1.5 + 2 + 1) + (2 * 0.5 + 1) / (1.5 + 1 + 1)) / 2
    second = (1 / (0.5 + 0 + 1) + (2 * 0.5 + 1) / (0.5 + 1 + 1)) / 2
    assert float(loss) == pytest.approx((3 * (1 - first) + 1 * (1 - second)) / 4)


def test_metrics_are_those_of_all_pixels_at_once() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = torch.randint(4, (40, 1, 3), generator=generator)
    codes[:, :, 0][codes[:, :, 0] == 3] = 255
    task = fit([0, 1, 2], [3, 3, 3])
    outputs = torch.randn(40, 4, 1, 3, generator=generator)
    values = task.evaluate(outputs, codes.to(torch.uint8))
    options = {"num_classes": 4, "ignore_index": 255}
    iou = multiclass_jaccard_index(outputs, codes, average="macro", **options)
    accuracy = multiclass_accuracy(outputs, codes, average="micro", **options)
    assert values["mean_iou"] == pytest.approx(float(iou))
    assert values["pixel_accuracy"] == pytest.approx(float(accuracy))
    sums_NS, n_labelled_N = task.evidence(outputs, codes.to(torch.uint8))
    assert sums_NS.shape == (40, 3 * 4)
    assert n_labelled_N.tolist() == (codes != 255).sum((1, 2)).tolist()


def test_predictions_are_the_values_of_the_likeliest_classes() -> None:
    task = fit([7, 300, 2], classes=[7, 300, 2])
    targets, _ = task.encode([column([300, 2, 7])])
    outputs = torch.nn.functional.one_hot(targets.long(), 3).movedim(-1, 1).float()
    said = task.decode(task.predictions(outputs))[""]
    assert said.type == pa.list_(pa.uint16(), 3)
    assert said.to_pylist() == [[300, 2, 7]]
    assert torch.equal(task.encode([pa.chunked_array([said])])[0], targets)


def test_new_values_are_counted_and_without_a_label() -> None:
    task = fit([0, 0, 1], missing=[255])
    known, unseen = task.seen([column([0, 5, 1], [5, 9, 255], None)])
    assert unseen == {"5": 2, "9": 1}
    assert task.encode(known)[0].tolist() == [[[0, 255, 1]], [[255] * 3], [[255] * 3]]
    assert task.encode(known)[1].tolist() == [True, False, False]


def test_classes_of_a_row_are_its_strata_and_their_shares_its_signals() -> None:
    masks = column([0, 0, 1], [1, 1, 1], None, [9, 9, 9])
    config = Segmentation.Config(missing=(9,))
    assert [codes.tolist() for codes in config.strata("mask", [masks])] == [[1, 0, -1, -1], [1, 1, -1, -1]]
    task = config.laid_over(LAYOUTS).fit("mask", [masks])
    signals_NS = task.signals(task.encode([masks])[0])
    np.testing.assert_allclose(signals_NS[:2], [[2 / 3, 1 / 3], [0.0, 1.0]])
    assert signals_NS[2:].isnan().all()
    assert task.describe() == "2 classes, 66.7% of pixels are 1"


@pytest.mark.parametrize(
    ("masks", "options", "message"),
    [
        ([None, None], {}, "expected two classes or more in the train rows, found no label"),
        ([[3, 3, 3]], {}, "found only 3"),
        ([[0, 0, 1]], {"classes": [0, 1, 2]}, "pixels of each of the classes in train, found none of 2"),
        ([[0, 0, 1]], {"class_weights": {5: 2.0}}, "class_weights of classes in train, found '5'"),
    ],
)
def test_masks_that_cannot_be_learned_are_refused(
    masks: list[list[int] | None], options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        fit(*masks, **options)


def test_values_that_are_no_class_are_refused() -> None:
    config = Segmentation.Config(classes=(0, 1))
    with pytest.raises(DataError, match=r"one of classes \(0, 1\) in every pixel, found 7; .* under missing"):
        config.strata("mask", [column([0, 1, 7])])
    halves = pa.chunked_array([pa.array([[0.0, 0.5, 1.0]])])
    with pytest.raises(DataError, match=r"classes .whole numbers., found 0.5; use kind: pixel_regression"):
        Segmentation.Config().strata("mask", [halves])
    many = pa.chunked_array([pa.array([list(range(300))])])
    with pytest.raises(DataError, match="at most 254 classes, found 300 values"):
        Segmentation.Config().strata("mask", [many])
    with pytest.raises(LabelError, match=r"classes of the train rows \(0, 1\) in every split, found 4"):
        fit([0, 0, 1]).encode([column([4, 0, 1])])


@pytest.mark.parametrize("spec", [VectorSpec(8), SequenceSpec(8, 3)])
def test_features_that_are_no_map_are_refused(spec: VectorSpec | SequenceSpec) -> None:
    with pytest.raises(Mismatch, match="a map to label pixels of, as trunk cnn makes of an image, found a"):
        fit([0, 0, 1]).head(spec)


@pytest.mark.parametrize("size", [(1, 3), (1, 1), (1, 2), (3, 5)])
def test_the_head_makes_pixels_of_any_map(size: tuple[int, int]) -> None:
    assert fit([0, 0, 1]).head(MapSpec(5, *size))(torch.randn(2, 5, *size)).shape == (2, 2, 1, 3)
