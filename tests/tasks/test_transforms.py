"""Transforms of a target: what is learned, and that it is turned back exactly."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.errors import DataError
from mtl_search.tasks import Regression
from mtl_search.tasks.transforms import LANDMARKS, Log1p, Quantiles

SPEND = np.random.default_rng(1).lognormal(3, 1, 2000).round(2)


def fit(values: object, **options: object) -> Regression:
    config = Regression.Config.model_validate(options)
    return config.fit("spend", [pa.chunked_array([pa.array(values, pa.float64())])])


@given(
    st.lists(st.floats(-0.9, 1e9, allow_subnormal=False), min_size=2, max_size=50).filter(
        lambda v: len(set(v)) > 1
    )
)
def test_labels_come_back_whatever_they_are(values: list[float]) -> None:
    numbers = np.array(values)
    for transform in (Log1p(), Quantiles.fit(numbers)):
        learned = transform.forward(numbers, "spend")
        order = numbers.argsort()
        assert (np.diff(learned[order]) >= 0).all()
        back = transform.inverse(torch.from_numpy(learned)).numpy()
        np.testing.assert_allclose(back, numbers, rtol=1e-6, atol=1e-6 * np.abs(numbers).max())


def test_quantiles_are_a_bell_also_where_labels_repeat() -> None:
    for values in (SPEND, SPEND**4, np.repeat(SPEND[:300].round(), 5)):
        learned = Quantiles.fit(values).forward(values, "spend")
        assert abs(learned.mean()) < 0.01
        assert learned.std() == pytest.approx(1.0, abs=0.02)
    assert len(Quantiles.fit(SPEND).values) == LANDMARKS


def test_quantiles_go_on_beyond_train_for_labels_alone() -> None:
    fitted = Quantiles.fit(np.array([0.0, 1.0, 2.0]))
    learned = torch.from_numpy(fitted.forward(np.array([-3.0, 5.0]), "spend"))
    assert fitted.inverse(learned).tolist() == pytest.approx([-3.0, 5.0])
    assert fitted.predicted(learned).tolist() == [0.0, 2.0]


@pytest.mark.parametrize("transform", ["log1p", "quantile"])
def test_metrics_and_predictions_are_in_the_targets_own_unit(transform: str) -> None:
    task = fit(SPEND, transform=transform, metric="mae")
    targets, labelled = task.encode([pa.chunked_array([pa.array(SPEND)])])
    assert labelled.all()
    assert float(targets.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(targets.std()) == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(task.truths(targets), SPEND, rtol=1e-5, atol=1e-4)
    centre = task.predictions(torch.zeros(len(SPEND), 1))
    assert float(centre[0]) == pytest.approx(float(np.median(SPEND)), rel=0.05)
    value = task.evaluate_default(torch.zeros(len(SPEND), 1), targets)
    assert value == pytest.approx(np.abs(SPEND - float(centre[0])).mean(), rel=1e-4)
    assert transform in task.describe()


def test_a_number_that_has_no_logarithm_is_named() -> None:
    with pytest.raises(
        DataError, match=r"above -1, as transform: log1p needs them, found 2 rows .* down to -7"
    ):
        fit([1.0, 2.0, -1.0, -7.0], transform="log1p")
    task = fit([1.0, 2.0], transform="log1p")
    with pytest.raises(DataError, match="found 1 row at or below it"):
        task.encode([pa.chunked_array([[None, -3.0]])])
    assert np.isfinite(fit([1.0, 2.0, -1.0, -7.0], transform="quantile").mean)
