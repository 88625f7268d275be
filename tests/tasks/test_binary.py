"""Binary tasks: classes, the weighted loss worked by hand, and metrics of the probability."""

import math

import pyarrow as pa
import pytest
import torch

from mtl_search.errors import DataError
from mtl_search.tasks import Binary

LOGITS = torch.tensor([[0.0], [math.log(3)], [5.0]])  # probabilities 1/2, 3/4, ...
TARGETS, LABELLED = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([True, True, False])


def column(*values: object) -> list[pa.ChunkedArray]:
    return [pa.chunked_array([pa.array(values)])]


def fit(*values: object, **options: object) -> Binary:
    return Binary.Config.model_validate(options).fit("y", column(*values))


def test_loss_by_hand() -> None:
    loss = fit(0, 1).loss(LOGITS, TARGETS, LABELLED)
    assert float(loss) == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_positive_rows_weigh_more() -> None:
    task = fit(0, 1, pos_weight=3.0)
    loss = float(task.loss(LOGITS, TARGETS, LABELLED))
    assert loss == pytest.approx((3 * math.log(2) + math.log(4)) / 2)
    torch_loss = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))(LOGITS[:2, 0], TARGETS[:2])
    assert loss == pytest.approx(float(torch_loss))


def test_balanced_gives_both_classes_the_same_weight() -> None:
    task = fit(0, 0, 0, 1, None, pos_weight="balanced")
    assert task.pos_weight == pytest.approx(3.0)
    assert task.rate == 0.25


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ((0.0, 1.0, None), (0, 1)),
        ((True, False), (False, True)),
        (("yes", "no"), ("no", "yes")),
        ((7, -1, 7), (-1, 7)),
    ],
)
def test_the_last_class_in_order_is_positive(values: tuple[object, ...], classes: tuple[object, ...]) -> None:
    task = fit(*values)
    assert task.classes == classes
    targets, labelled = task.encode(column(*values))
    assert [classes[int(t)] if so else None for t, so in zip(targets, labelled, strict=True)] == list(values)


def test_the_positive_class_can_be_named() -> None:
    task = fit("alive", "dead", "alive", positive="alive")
    assert task.encode(column("alive", "dead"))[0].tolist() == [1.0, 0.0]
    assert task.rate == pytest.approx(2 / 3)
    with pytest.raises(DataError, match=r"positive class.*'aliv'; did you mean 'alive'"):
        fit("alive", "dead", positive="aliv")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((None, float("nan")), "no label"),
        ((1.0, 1.0, None), "1: 1"),
        (("a", "b", "c"), "3: 'a', 'b', 'c'; use kind: multiclass"),
    ],
)
def test_there_must_be_two_classes(values: tuple[object, ...], found: str) -> None:
    with pytest.raises(DataError, match=f"column 'y': expected two classes in the train rows, found {found}"):
        fit(*values)


def test_predictions_keep_the_order_of_extreme_outputs() -> None:
    """In float32 the sigmoid is 1 from 17 on, and the metric would see ties."""
    task = fit(0, 1)
    outputs, targets = torch.tensor([[20.0], [25.0], [30.0]]), torch.tensor([0.0, 1.0, 1.0])
    assert task.evaluate(outputs, targets)["auroc"] == 1.0


def test_small_outputs_are_log_odds_and_not_probabilities() -> None:
    task = fit(0, 1)
    metrics = task.evaluate(torch.tensor([[0.2], [0.4], [-0.1]]), torch.tensor([1.0, 1.0, 0.0]))
    assert metrics["accuracy"] == 1.0
    assert metrics["f1"] == 1.0


def test_options_are_strict() -> None:
    for wrong in ({"pos_weight": 0.0}, {"pos_weight": "heavy"}, {"metric": "rmse"}, {"weight": -1.0}):
        with pytest.raises(ValueError, match=r"pos_weight|metric|weight"):
            Binary.Config.model_validate(wrong)


def test_predictions_are_written_in_the_words_of_the_data() -> None:
    columns = fit("yes", "no", positive="no").decode(torch.tensor([0.2, 0.9, 0.5]))
    assert {suffix: column.to_pylist() for suffix, column in columns.items()} == {
        "": ["yes", "no", "yes"],
        "_probability": [pytest.approx(p) for p in (0.2, 0.9, 0.5)],
    }
