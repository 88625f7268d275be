"""Metrics against scikit-learn, against torchmetrics one column at a time, and where they are undefined."""

import math
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from mtl_search.tasks import Binary, Multiclass, Multilabel, Regression, TaskOptions
from mtl_search.tasks.metrics import BINARY, MULTICLASS, MULTILABEL, REGRESSION, macro_auroc, pinball

RANDOM = np.random.default_rng(7)
TRUTHS = RANDOM.integers(0, 2, 300)
PROBS = np.clip(TRUTHS * 0.2 + RANDOM.random(300) * 0.8, 0, 1).round(2)  # rounded: with ties
CLASSES = RANDOM.integers(0, 4, 300)
CLASS_PROBS = RANDOM.dirichlet(np.ones(4), 300) * 0.7 + np.eye(4)[CLASSES] * 0.3
LABELS = RANDOM.integers(0, 2, (300, 3))
LABEL_PROBS = np.clip(LABELS * 0.3 + RANDOM.random((300, 3)) * 0.7, 0, 1).round(2)
NUMBERS = RANDOM.normal(1000, 50, 300)
GUESSES = NUMBERS + RANDOM.normal(5, 40, 300)

DECIDED, CHOSEN, TICKED = PROBS > 0.5, CLASS_PROBS.argmax(1), LABEL_PROBS > 0.5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auroc", sk.roc_auc_score(TRUTHS, PROBS)),
        ("average_precision", sk.average_precision_score(TRUTHS, PROBS)),
        ("accuracy", sk.accuracy_score(TRUTHS, DECIDED)),
        ("balanced_accuracy", sk.balanced_accuracy_score(TRUTHS, DECIDED)),
        ("f1", sk.f1_score(TRUTHS, DECIDED)),
        ("log_loss", sk.log_loss(TRUTHS, PROBS.clip(0.01, 0.99))),
    ],
)
def test_binary_metrics_are_those_of_scikit_learn(name: str, expected: float) -> None:
    probs = PROBS.clip(0.01, 0.99) if name == "log_loss" else PROBS
    assert BINARY[name](torch.tensor(probs), torch.tensor(TRUTHS)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", sk.accuracy_score(CLASSES, CHOSEN)),
        ("balanced_accuracy", sk.balanced_accuracy_score(CLASSES, CHOSEN)),
        ("macro_f1", sk.f1_score(CLASSES, CHOSEN, average="macro")),
        ("auroc", sk.roc_auc_score(CLASSES, CLASS_PROBS, multi_class="ovr")),
        ("log_loss", sk.log_loss(CLASSES, CLASS_PROBS)),
    ],
)
def test_multiclass_metrics_are_those_of_scikit_learn(name: str, expected: float) -> None:
    value = MULTICLASS[name](torch.tensor(CLASS_PROBS), torch.tensor(CLASSES))
    assert value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auroc", sk.roc_auc_score(LABELS, LABEL_PROBS, average="macro")),
        ("average_precision", sk.average_precision_score(LABELS, LABEL_PROBS, average="macro")),
        ("accuracy", (LABELS == TICKED).mean()),
        ("macro_f1", sk.f1_score(LABELS, TICKED, average="macro")),
    ],
)
def test_multilabel_metrics_are_those_of_scikit_learn(name: str, expected: float) -> None:
    value = MULTILABEL[name](torch.tensor(LABEL_PROBS), torch.tensor(LABELS))
    assert value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rmse", sk.root_mean_squared_error(NUMBERS, GUESSES)),
        ("mae", sk.mean_absolute_error(NUMBERS, GUESSES)),
        ("r2", sk.r2_score(NUMBERS, GUESSES)),
    ],
)
def test_regression_metrics_are_those_of_scikit_learn(name: str, expected: float) -> None:
    assert REGRESSION[name](torch.tensor(GUESSES), torch.tensor(NUMBERS)) == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)
@given(
    arrays(np.float64, (12, 3), elements=st.sampled_from([0.1, 0.2, 0.5, 0.9])),
    arrays(np.int64, (12, 3), elements=st.sampled_from([0, 1, -1])),
)
def test_macro_auroc_is_the_mean_of_single_ones(scores: np.ndarray, truths: np.ndarray) -> None:
    expected = []
    for column in range(3):
        known = truths[:, column] >= 0
        if len(set(truths[known, column])) == 2:
            expected.append(
                float(binary_auroc(torch.tensor(scores[known, column]), torch.tensor(truths[known, column])))
            )
    value = float(macro_auroc(torch.tensor(scores), torch.tensor(truths)))
    assert value == pytest.approx(np.mean(expected), abs=1e-6) if expected else math.isnan(value)


def test_single_unknown_labels_are_left_out() -> None:
    holes = RANDOM.random(LABELS.shape) < 0.3
    truths = torch.tensor(np.where(holes, -1, LABELS))
    for name, score in {"auroc": sk.roc_auc_score, "average_precision": sk.average_precision_score}.items():
        expected = np.mean([score(LABELS[~holes[:, k], k], LABEL_PROBS[~holes[:, k], k]) for k in range(3)])
        assert MULTILABEL[name](torch.tensor(LABEL_PROBS), truths) == pytest.approx(expected, abs=1e-6)
    accuracy = (LABELS == TICKED)[~holes].mean()
    assert MULTILABEL["accuracy"](torch.tensor(LABEL_PROBS), truths) == pytest.approx(accuracy)


@pytest.mark.parametrize("truth", [0, 1])
def test_with_one_class_what_compares_classes_is_undefined(truth: int) -> None:
    probs, truths = torch.tensor([0.2, 0.7, 0.9]), torch.full((3,), truth)
    values = {name: measure(probs, truths) for name, measure in BINARY.items()}
    undefined = {name for name, value in values.items() if math.isnan(value)}
    assert undefined == {"auroc", "average_precision", "balanced_accuracy", "f1"}


def test_absent_classes_do_not_count() -> None:
    probs, truths = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.4, 0.5, 0.1]]), torch.tensor([0, 1, 0])
    assert MULTICLASS["balanced_accuracy"](probs, truths) == pytest.approx((0.5 + 1.0) / 2)
    assert MULTICLASS["auroc"](probs, truths) == 1.0
    assert math.isnan(MULTICLASS["auroc"](probs[:1], truths[:1]))
    labels = torch.tensor([[1, 0, 0], [0, 0, 0], [1, 0, 0]])
    assert MULTILABEL["auroc"](probs, labels) == 1.0
    assert math.isnan(MULTILABEL["auroc"](probs[:1], labels[:1]))


def test_r2_of_constant_truths_is_undefined() -> None:
    assert math.isnan(REGRESSION["r2"](torch.tensor([1.0, 2.0]), torch.tensor([3.0, 3.0])))
    assert math.isnan(REGRESSION["r2"](torch.tensor([1.0]), torch.tensor([3.0])))


@pytest.mark.parametrize(("scale", "mean"), [(1e-5, 0.0), (50.0, 1e5), (1.0, 0.0)])
def test_r2_of_numbers_of_any_size_is_that_of_scikit_learn(scale: float, mean: float) -> None:
    """In single precision, as networks give them."""
    truths = (mean + scale * RANDOM.normal(size=300)).astype(np.float32)
    guesses = (truths + scale * RANDOM.normal(size=300)).astype(np.float32)
    expected = sk.r2_score(truths.astype(np.float64), guesses.astype(np.float64))
    value = REGRESSION["r2"](torch.tensor(guesses), torch.tensor(truths))
    assert value == pytest.approx(expected, abs=1e-9)


def test_log_loss_of_a_certain_error_is_finite() -> None:
    value = MULTICLASS["log_loss"](torch.tensor([[1.0, 0.0]], dtype=torch.float64), torch.tensor([1]))
    assert 700 < value < 710


@pytest.mark.parametrize(
    ("config", "table"),
    [
        (Binary.Config, BINARY),
        (Multiclass.Config, MULTICLASS),
        (Multilabel.Config, MULTILABEL),
        (Regression.Config, {**REGRESSION, "pinball": pinball}),
    ],
)
def test_options_offer_exactly_the_metrics_there_are(
    config: type[TaskOptions], table: dict[str, Tensor]
) -> None:
    field = config.model_fields["metric"]
    assert set(get_args(field.annotation)) == set(table)
    assert field.default == next(iter(table))
