"""Multiclass tasks: the weighted, smoothed loss worked by hand, and the class weights."""

import math

import pyarrow as pa
import pytest
import torch

from mtl_search.errors import DataError, LabelError
from mtl_search.tasks import Multiclass

LOGITS = torch.tensor([[0.0, math.log(2), 0.0], [math.log(2), 0.0, 0.0], [9.0, 0.0, 0.0]])  # 1/4, 1/2, 1/4
TARGETS, LABELLED = torch.tensor([1, 2, 0]), torch.tensor([True, True, False])


def fit(*values: object, **options: object) -> Multiclass:
    return Multiclass.Config.model_validate(options).fit("y", [pa.chunked_array([pa.array(values)])])


def test_loss_by_hand() -> None:
    loss = fit("a", "b", "c").loss(LOGITS, TARGETS, LABELLED)
    assert float(loss) == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_class_weights_by_hand() -> None:
    task = fit("a", "b", "c", class_weights={"b": 3.0})
    assert task.weights == (1.0, 3.0, 1.0)
    loss = task.loss(LOGITS, TARGETS, LABELLED)
    assert float(loss) == pytest.approx((3 * math.log(2) + math.log(4)) / 4)


def test_label_smoothing_by_hand() -> None:
    task = fit("a", "b", "c", label_smoothing=0.3)
    first = 0.8 * math.log(2) + 0.2 * math.log(4)  # 0.7 + 0.1 of the true class, 0.1 of either other
    second = 0.1 * math.log(2) + 0.9 * math.log(4)
    assert float(task.loss(LOGITS, TARGETS, LABELLED)) == pytest.approx((first + second) / 2)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    task = fit("a", "a", "a", "b", None, "c", "c", class_weights="balanced")
    assert task.weights == pytest.approx((6 / 9, 2.0, 1.0))
    assert task.rates == pytest.approx((1 / 2, 1 / 6, 1 / 3))


def test_weights_of_numbers_and_booleans_are_found_by_their_text() -> None:
    assert fit(3, 4, class_weights={4: 2.0}).weights == (1.0, 2.0)
    assert fit(3.0, 4.0, class_weights={"4": 2.0}).weights == (1.0, 2.0)
    assert fit(False, True, class_weights={True: 2.0}).weights == (1.0, 2.0)


def test_a_weight_of_an_unknown_class_is_an_error() -> None:
    with pytest.raises(DataError, match=r"class_weights.*'mid'; did you mean 'middle'"):
        fit("low", "middle", "high", class_weights={"mid": 2.0})


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((None, None), "no label"),
        (("a", "a"), "only 'a'"),
        (tuple(f"n{i}" for i in range(12)), "12 classes in 12 labelled rows"),
    ],
)
def test_what_is_not_a_set_of_classes(values: tuple[object, ...], found: str) -> None:
    with pytest.raises(DataError, match=f"column 'y'.*{found}"):
        fit(*values)


def test_describe_names_the_largest_class() -> None:
    assert fit("a", "b", "b", "b").describe() == "2 classes, 75.0% are 'b'"


def test_predictions_are_probabilities() -> None:
    torch.testing.assert_close(
        fit("a", "b", "c").predictions(LOGITS)[0], torch.tensor([0.25, 0.5, 0.25], dtype=torch.float64)
    )


def test_predictions_are_written_in_the_words_of_the_data() -> None:
    columns = fit("b", "a", None).decode(torch.tensor([[0.25, 0.75], [1.0, 0.0]]))
    assert {suffix: column.to_pylist() for suffix, column in columns.items()} == {
        "": ["b", "a"],
        "_probability_a": [0.25, 1.0],
        "_probability_b": [0.75, 0.0],
    }
    assert fit(3, 1, 2).decode(torch.eye(3))[""].to_pylist() == [1, 2, 3]


def test_classes_keep_the_order_in_which_they_are_listed() -> None:
    column = [pa.chunked_array([pa.array(["low", "high", None, "mid", "low"])])]
    config = Multiclass.Config.model_validate({"classes": ["low", "mid", "high"]})
    config.strata("risk", column)
    task = config.fit("risk", column)
    assert task.classes == ("low", "mid", "high")
    assert task.rates == (0.5, 0.25, 0.25)
    assert task.encode(column)[0].tolist() == [0, 2, 0, 1, 0]
    assert list(task.decode(torch.eye(3)))[1:] == [f"_probability_{c}" for c in ("low", "mid", "high")]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["low", "high"], r"one of classes \('low', 'high'\) in every row, found 'mid', 'no' in 3 rows"),
        (["low", "mid", "no", "high", "max"], "rows of each of classes .*, found no row of 'max'"),
        (["low", "Mid", "no", "high"], "found 'mid' in 2 rows"),
        ([1, 2, 3], "found 'low', 'mid', 'no', 'high' in 5 rows"),
    ],
)
def test_classes_that_are_not_those_of_the_data_are_refused(classes: list[object], message: str) -> None:
    column = [pa.chunked_array([pa.array(["low", "mid", "mid", None, "no", "high"])])]
    with pytest.raises(DataError, match=message):
        Multiclass.Config.model_validate({"classes": classes}).strata("risk", column)


def test_one_and_true_are_two_classes() -> None:
    column = [pa.chunked_array([pa.array([0, 1])])]
    with pytest.raises(DataError, match="found 0, 1 in 2 rows"):
        Multiclass.Config(classes=(False, True)).strata("risk", column)


def test_a_listed_class_without_train_rows_leaves_the_task_out() -> None:
    with pytest.raises(LabelError, match="rows of each of the classes in train, found none of 'c'"):
        fit("a", "b", classes=["a", "b", "c"])
