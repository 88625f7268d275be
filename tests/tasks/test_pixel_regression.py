"""Numbers a pixel: torchmetrics' values of all labelled pixels, units, and what is no number."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torchmetrics.functional import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    r2_score,
)

from mtl_search.errors import DataError
from mtl_search.tasks import Layout, PixelRegression

LAYOUTS = {"photo": Layout("photo", (2, 3))}


def column(rows: Any) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(rows, pa.list_(pa.float64()))])


def fit(rows: Any, **options: object) -> PixelRegression:
    config = PixelRegression.Config.model_validate(options).laid_over(LAYOUTS)
    task = config.fit("depth", [column(rows)])
    assert isinstance(task, PixelRegression)
    return task


def depths(rows: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.random.default_rng(0).uniform(100, 120, (rows, 6))


@pytest.mark.parametrize("transform", [None, "log1p"])
def test_metrics_are_those_of_all_labelled_pixels_at_once(transform: str | None) -> None:
    values = depths(30)
    values[5:15, 2] = math.nan
    values[20, 3] = 0.0
    task = fit(values.tolist(), transform=transform)
    targets, labelled = task.encode([column([*values.tolist(), None])])
    assert labelled.tolist() == [True] * 30 + [False]
    outputs = torch.randn(31, 1, 2, 3, generator=torch.Generator().manual_seed(0))
    found = task.evaluate(outputs[:30], targets[:30])
    said, truths = task.predictions(outputs)[:30].flatten(), torch.from_numpy(values).flatten()
    known = ~truths.isnan()
    said, truths = said[known].double(), truths[known]
    nonzero = truths != 0
    assert found == pytest.approx(
        {
            "rmse": float(mean_squared_error(said, truths, squared=False)),
            "abs_rel": float(mean_absolute_percentage_error(said[nonzero], truths[nonzero])),
            "mae": float(mean_absolute_error(said, truths)),
            "r2": float(r2_score(said, truths)),
        },
        rel=1e-5,
    )


def test_targets_are_standardised_by_the_pixels_of_train() -> None:
    task = fit([[1.0, 3.0, None, 99.0, 1.0, 3.0], None], missing=[99])
    assert (task.mean, task.scale) == (2.0, 1.0)
    targets, _ = task.encode([column([[1.0, 3.0, None, 99.0, 2.0, 4.0]])])
    np.testing.assert_allclose(targets, [[[-1, 1, np.nan], [np.nan, 0, 2]]])
    np.testing.assert_allclose(task.truths(targets)[0, 1], [np.nan, 2, 4])
    assert task.describe() == "mean 2, standard deviation 1 of pixels"
    np.testing.assert_allclose(task.signals(targets), [[0.5]])


def test_the_loss_follows_the_metric() -> None:
    rows = depths(3).tolist()
    outputs, (targets, labelled) = torch.zeros(3, 1, 2, 3), fit(rows).encode([column(rows)])
    squares, absolutes = targets.square().mean(), targets.abs().mean()
    for options, expected in (
        ({}, squares),
        ({"metric": "r2"}, squares),
        ({"metric": "abs_rel"}, absolutes),
        ({"loss": "huber", "delta": 1e3}, squares),
    ):
        torch.testing.assert_close(fit(rows, **options).loss(outputs, targets, labelled), expected)


def test_predictions_are_lists_that_are_read_again() -> None:
    task = fit(depths(4).tolist())
    targets, _ = task.encode([column(depths(4).tolist())])
    said = task.decode(task.predictions(targets[:, None]))[""]
    assert said.type == pa.list_(pa.float32(), 6)
    np.testing.assert_allclose(said.to_pylist(), depths(4), rtol=1e-6)
    torch.testing.assert_close(task.encode([pa.chunked_array([said])])[0], targets, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([None], {}, "expected different values in the train rows, found no label"),
        ([[2.0] * 6], {}, "found only 2"),
        ([[1.0, 2.0, math.inf] * 2], {}, "expected finite numbers, found 2 infinite values"),
        ([[-3.0, 2.0, 1.0] * 2], {"transform": "log1p"}, "numbers above -1"),
    ],
)
def test_maps_that_cannot_be_learned_are_refused(rows: Any, options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(rows, **options)


def test_one_value_everywhere_has_no_r2() -> None:
    task = fit(depths(4).tolist())
    targets, _ = task.encode([column([[107.0] * 6] * 3)])
    values = task.evaluate(torch.zeros(3, 1, 2, 3), targets)
    assert math.isnan(values["r2"])
    assert math.isfinite(values["rmse"])
