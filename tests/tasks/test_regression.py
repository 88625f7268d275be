"""Regression tasks: standardised targets, losses worked by hand, metrics in the target's own unit."""

import math
import pickle

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mtl_search.errors import DataError
from mtl_search.tasks import Regression

OUTPUTS, TARGETS = torch.tensor([[1.0], [0.0], [9.0]]), torch.tensor([0.5, 3.0, 0.0])
LABELLED = torch.tensor([True, True, False])


def column(values: object) -> list[pa.ChunkedArray]:
    return [pa.chunked_array([pa.array(values)])]


def fit(*values: object, **options: object) -> Regression:
    return Regression.Config.model_validate(options).fit("y", column(values))


def test_losses_by_hand() -> None:
    assert float(fit(0, 1).loss(OUTPUTS, TARGETS, LABELLED)) == pytest.approx((0.25 + 9.0) / 2)
    huber = fit(0, 1, loss="huber", delta=2.0).loss(OUTPUTS, TARGETS, LABELLED)
    assert float(huber) == pytest.approx((0.25 + 2 * 2.0 * (3.0 - 1.0)) / 2)


def test_the_loss_follows_the_metric_unless_told_otherwise() -> None:
    losses = {
        name: float(fit(0, 1, **options).loss(OUTPUTS, TARGETS, LABELLED))
        for name, options in {
            "rmse": {},
            "r2": {"metric": "r2"},
            "mae": {"metric": "mae"},
            "told": {"metric": "mae", "loss": "mse"},
            "absolute": {"loss": "mae"},
        }.items()
    }
    squared, absolute = (0.25 + 9.0) / 2, (0.5 + 3.0) / 2
    expected = {"rmse": squared, "r2": squared, "mae": absolute, "told": squared, "absolute": absolute}
    assert losses == pytest.approx(expected)


def test_a_quantile_is_learned_and_judged_by_the_pinball_loss() -> None:
    task = fit(0.0, 10.0, loss={"quantile": 0.9})
    loss = task.loss(OUTPUTS, TARGETS, LABELLED)  # one above its target by .5, one below by 3
    assert float(loss) == pytest.approx((0.1 * 0.5 + 0.9 * 3.0) / 2)
    values, targets = OUTPUTS[:2], TARGETS[:2]
    assert task.metric.name == "pinball"
    assert task.evaluate_default(values, targets) == pytest.approx(5.0 * float(loss)), "in its own unit"
    assert fit(0, 1, loss={"quantile": 0.9}, metric="mae").metric.name == "mae"
    assert pickle.loads(pickle.dumps(task)) == task


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_best_constant_is_the_quantile(quantile: float) -> None:
    values = torch.linspace(0, 1, 1001)
    task = fit(*values.tolist(), loss={"quantile": quantile})
    targets, labelled = task.encode(column(values.numpy()))
    losses = [float(task.loss(c.expand(1001, 1), targets, labelled)) for c in targets]
    assert float(values[np.argmin(losses)]) == pytest.approx(quantile, abs=0.01)


@pytest.mark.parametrize(
    "wrong", [{"metric": "pinball"}, {"loss": {"quantile": 1.0}}, {"metric": "pinball", "loss": "mae"}]
)
def test_quantiles_that_are_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="quantile"):
        Regression.Config.model_validate(wrong)


def test_huber_is_the_squared_error_of_small_errors() -> None:
    small, first = TARGETS[:1], LABELLED[:1]
    huber, squared = (fit(0, 1, loss=loss).loss(OUTPUTS[:1], small, first) for loss in ("huber", "mse"))
    assert huber == squared


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30))
def test_encoding_is_undone_by_truths(values: list[float]) -> None:
    assume(np.std(values) > 1e-3)
    task = fit(*values)
    targets, labelled = task.encode(column([*values, None]))
    assert labelled.tolist() == [True] * len(values) + [False]
    assert targets[-1] == 0.0
    near = 1e-5 * max(map(abs, values))
    np.testing.assert_allclose(task.truths(targets)[:-1], values, rtol=1e-4, atol=near)
    assert float(targets[:-1].mean()) == pytest.approx(0.0, abs=1e-3)
    assert float(targets[:-1].std(correction=0)) == pytest.approx(1.0, abs=1e-3)


def test_metrics_are_in_the_unit_of_the_target() -> None:
    task = fit(1000.0, 2000.0, 3000.0)
    targets, _ = task.encode(column([1000.0, 2000.0, 3000.0]))
    outputs = task.encode(column([1100.0, 2100.0, 3100.0]))[0][:, None]
    metrics = task.evaluate(outputs, targets)
    assert metrics["rmse"] == pytest.approx(100.0, rel=1e-4)
    assert metrics["mae"] == pytest.approx(100.0, rel=1e-4)
    assert metrics["r2"] == pytest.approx(1 - 3 * 100**2 / (2 * 1000**2), rel=1e-4)


def test_r2_has_a_floor_under_gains() -> None:
    r2 = next(metric for metric in fit(0, 1).metrics if metric.name == "r2")
    assert math.isnan(r2.gain(0.5, reference=0.01))
    assert r2.gain(0.5, reference=0.25) == 100.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((2.0, 2.0, None), "column 'y': expected different values in the train rows, found only 2.0"),
        ((None, float("nan")), "no label"),
        ((1e-200, 3e-200), "whose spread a number can hold, found 1e-200 to 3e-200; give them in another"),
        ((-1e200, 3e200), "whose spread a number can hold, found -1e\\+200 to 3e\\+200"),
        ((1.0, float("inf")), "finite numbers, found 1 infinite values"),
        (("a", "b"), "expected numbers, found values of type string; use kind: multiclass"),
    ],
)
def test_what_cannot_be_numbers(values: tuple[object, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(*values)


def test_an_infinite_target_of_other_rows_is_an_error() -> None:
    with pytest.raises(DataError, match="infinite"):
        fit(0.0, 1.0).encode(column([float("-inf")]))


def test_predictions_are_numbers_in_their_own_unit() -> None:
    task = fit(1000.0, 3000.0)
    columns = task.decode(task.predictions(torch.tensor([[0.0], [1.0]])))
    assert {suffix: column.to_pylist() for suffix, column in columns.items()} == {"": [2000.0, 3000.0]}
