"""Score: one number of a network's validation values, with and without references."""

import math
import pickle

import pytest

from mtl_search.records import MetricKind
from mtl_search.training import Score

AUROC = MetricKind("auroc", higher_is_better=True)
RMSE = MetricKind("rmse", higher_is_better=False)
R2 = MetricKind("r2", higher_is_better=True, floor=0.01)
METRICS = {"death": AUROC, "stay": RMSE}


def test_with_references_it_is_the_mean_gain() -> None:
    score = Score(METRICS, {"death": 0.8, "stay": 10.0})
    assert score({"death": 0.84, "stay": 9.0}) == pytest.approx((5.0 + 10.0) / 2)
    assert score({"death": 0.84}) == pytest.approx(5.0)


def test_the_mean_gain_is_weighted_by_task() -> None:
    score = Score(METRICS, {"death": 0.8, "stay": 10.0}, {"stay": 0.25})
    score = pickle.loads(pickle.dumps(score))
    assert score({"death": 0.84, "stay": 9.0}) == pytest.approx((5.0 + 0.25 * 10.0) / 1.25)


def test_without_references_it_is_the_mean_of_the_signed_metrics() -> None:
    score = Score(METRICS)
    assert score({"death": 0.8, "stay": 2.0}) == pytest.approx((0.8 - 2.0) / 2)
    assert score({"stay": 2.0}) == -2.0


def test_one_missing_reference_leaves_signed_metrics() -> None:
    assert Score(METRICS, {"death": 0.8})({"death": 0.8, "stay": 2.0}) == pytest.approx(-0.6)


def test_a_better_value_is_a_better_score_in_both_directions() -> None:
    for score in (Score(METRICS), Score(METRICS, {"death": 0.8, "stay": 10.0})):
        base = score({"death": 0.7, "stay": 5.0})
        assert score({"death": 0.71, "stay": 5.0}) > base
        assert score({"death": 0.7, "stay": 4.9}) > base


def test_auxiliary_members_do_not_count() -> None:
    # metrics holds the main tasks alone
    score = Score(METRICS, {"death": 0.8, "stay": 10.0})
    assert score({"death": 0.84, "helper": 0.1}) == pytest.approx(5.0)
    assert score.gains({"death": 0.84, "helper": 0.1}).keys() == {"death"}


@pytest.mark.parametrize("references", [{}, {"death": 0.8, "stay": 10.0}], ids=["without", "with"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_leaves_none(references: dict[str, float], bad: float) -> None:
    assert math.isnan(Score(METRICS, references)({"death": 0.8, "stay": bad}))


def test_a_reference_within_the_floor_has_no_say() -> None:
    # an R2 of 0.001 cannot be improved by a percentage that means anything
    score = Score({"stay": R2, "death": AUROC}, {"stay": 0.001, "death": 0.8})
    assert score({"stay": 0.5, "death": 0.84}) == pytest.approx(5.0)
    assert math.isnan(score.gains({"stay": 0.5})["stay"])


def test_nothing_that_counts_is_no_score() -> None:
    assert math.isnan(Score(METRICS)({"helper": 0.5}))
    assert math.isnan(Score(METRICS, {"death": 0.8})({}))


def test_gain_without_reference_is_undefined() -> None:
    gains = Score(METRICS, {"death": 0.8}).gains({"death": 0.84, "stay": 3.0})
    assert gains["death"] == pytest.approx(5.0)
    assert math.isnan(gains["stay"])


def test_it_does_not_change_with_what_it_was_made_of() -> None:
    metrics, references = dict(METRICS), {"death": 0.8, "stay": 10.0}
    score = Score(metrics, references)
    metrics.clear()
    references["death"] = 0.1
    assert score == Score(METRICS, {"death": 0.8, "stay": 10.0})
    assert score({"death": 0.84}) == pytest.approx(5.0)
    with pytest.raises(TypeError):
        score.references["death"] = 0.1


def test_it_travels_to_workers() -> None:
    score = Score(METRICS, {"death": 0.8})
    assert pickle.loads(pickle.dumps(score)) == score


def test_where_no_reference_can_be_divided_by_it_is_the_metric() -> None:
    score = Score({"a": MetricKind("r2", True), "b": MetricKind("r2", True)}, {"a": math.nan, "b": 0.5})
    assert score({"a": 0.02}) == 0.02, "such a network has not failed"
    assert score({"a": 0.02, "b": 0.6}) == pytest.approx(20.0)
