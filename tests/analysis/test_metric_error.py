"""Every formula against sampling: the spread of a metric over many test sets of made-up predictions."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.random._generator import Generator
from numpy.typing import NDArray
from scipy import stats

from mtl_search.analysis.metric_error import AUROC, R2, metric_error
from mtl_search.tasks.metrics import BINARY, MULTICLASS, MULTILABEL, REGRESSION, Measure

TIMES, N = 600, 300
DISTANCE = math.sqrt(2) * stats.norm.ppf(AUROC)  # of two normal classes with this AUROC
RNG = np.random.default_rng


def relative_spread(measure: Measure, predictions: NDArray[Any], truths: NDArray[Any]) -> float:
    values = np.array(
        [measure(torch.tensor(p), torch.tensor(t)) for p, t in zip(predictions, truths, strict=True)]
    )
    return values.std() / abs(values.mean())


def log_odds(truths: NDArray[Any], prior: float, rng: Generator) -> NDArray[Any]:
    """Calibrated: what is known of each row's class, as odds."""
    signs = np.where(truths == 1, 1, -1)
    return signs * DISTANCE**2 / 2 + DISTANCE * rng.normal(size=truths.shape) + math.log(prior / (1 - prior))


@pytest.mark.parametrize("share", [0.5, 0.2])
@pytest.mark.parametrize(
    ("metric", "within"),
    [("auroc", 0.2), ("log_loss", 0.1), ("average_precision", 0.45)],
)
def test_metrics_of_ranks_and_probabilities(metric: str, within: float, share: float) -> None:
    """AUROC's formula is for exponential scores: for few positive normal ones it is a little too large."""
    rng = RNG(0)
    truths = (rng.random((TIMES, N)) < share).astype(int)
    probabilities = 1 / (1 + np.exp(-log_odds(truths, share, rng)))
    found = relative_spread(BINARY[metric], probabilities, truths)
    labels = (np.arange(100) < 100 * share).astype(float)
    assert metric_error("binary", metric, labels, N) == pytest.approx(found, rel=within)


def test_log_loss_of_balanced_classes_is_not_zero() -> None:
    assert metric_error("binary", "log_loss", np.array([0.0, 1.0]), 100) > 0.05


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_f1_of_equal_precision_and_recall(share: float) -> None:
    rng, floor = RNG(1), 2 * share / (1 + share)
    value = (1 + floor) / 2
    truths = (rng.random((TIMES, 2000)) < share).astype(int)
    wrong = np.where(truths == 1, 1 - value, share * (1 - value) / (1 - share))
    decided = np.where(rng.random(truths.shape) < wrong, 1 - truths, truths).astype(float)
    found = relative_spread(BINARY["f1"], decided, truths)
    labels = (np.arange(1000) < 1000 * share).astype(float)
    assert metric_error("binary", "f1", labels, 2000) == pytest.approx(found, rel=0.1)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_accuracy_of_three_classes(metric: str) -> None:
    rng, shares = RNG(2), np.array([0.5, 0.3, 0.2])
    right = {"accuracy": 0.75, "balanced_accuracy": 2 / 3}[metric]  # half-way to 1
    truths = rng.choice(3, p=shares, size=(TIMES, N))
    others = (truths + rng.integers(1, 3, truths.shape)) % 3
    decided = np.where(rng.random(truths.shape) < right, truths, others)
    found = relative_spread(MULTICLASS[metric], np.eye(3)[decided], truths)
    labels = np.repeat([0.0, 1.0, 2.0], [50, 30, 20])
    assert metric_error("multiclass", metric, labels, N) == pytest.approx(found, rel=0.1)


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
@pytest.mark.parametrize("heavy", [False, True])
def test_metrics_of_numbers_whose_errors_are_spread_like_the_labels(metric: str, heavy: bool) -> None:
    rng, shape = RNG(3), (TIMES, N)
    spread = rng.laplace(scale=math.sqrt(0.5), size=shape) if heavy else rng.normal(size=shape)
    signals = np.broadcast_to(stats.norm.ppf((np.arange(N) + 0.5) / N), shape)
    predictions = math.sqrt(R2) * signals
    truths = predictions + math.sqrt(1 - R2) * spread
    if metric == "r2":  # over the true variance: that of the labels drops out of a difference
        values = 1 - np.mean((truths - predictions) ** 2, axis=1)
        found = values.std() / values.mean()
    else:
        found = relative_spread(REGRESSION[metric], predictions, truths)
    labels = RNG(4).laplace(size=50_000) if heavy else RNG(4).normal(size=50_000)
    assert metric_error("regression", metric, labels, N) == pytest.approx(found, rel=0.1)


def test_labels_less_spread_than_normal_count_as_normal() -> None:
    assert metric_error("regression", "rmse", np.linspace(0, 1, 99), 50) == pytest.approx(math.sqrt(1 / 100))
    assert metric_error("regression", "rmse", np.ones(9), 50) == pytest.approx(math.sqrt(1 / 100))


def test_labels_of_a_multilabel_task_average_out() -> None:
    one = metric_error("binary", "auroc", np.array([0.0, 1.0] * 50), N)
    labels = np.tile([[0.0, 1.0, -1.0, 0.0], [1.0, 0.0, 1.0, 1.0], [-1.0, -1.0, 0.0, -1.0]], (10, 1))
    assert metric_error("multilabel", "auroc", labels, N) == pytest.approx(one / 2)


@pytest.mark.parametrize(
    ("kind", "measures", "labels"),
    [
        ("binary", BINARY, np.array([0.0, 1.0, 1.0])),
        ("multiclass", MULTICLASS, np.array([0.0, 1.0, 2.0])),
        ("multilabel", MULTILABEL, np.array([[0.0, 1.0], [1.0, -1.0], [1.0, 0.0]])),
        ("regression", REGRESSION, np.array([0.5, 1.0, 3.0])),
    ],
)
def test_every_metric_has_its_error_which_falls_with_the_rows(
    kind: str, measures: Mapping[str, Any], labels: NDArray[Any]
) -> None:
    for metric in measures:
        few, many = (metric_error(kind, metric, labels, n) for n in (100, 10_000))
        assert 0 < many < 0.2 * few, metric
        assert math.isnan(metric_error(kind, metric, labels, 0))


def test_nothing_is_made_up_for_a_metric_without_a_formula() -> None:
    assert math.isnan(metric_error("binary", "cosine", np.array([0.0, 1.0]), 10))
    assert math.isnan(metric_error("regression", "cosine", np.array([0.0, 1.0]), 10))
