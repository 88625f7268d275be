import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mtl_search.analysis.power import (
    RANKED,
    TaskLabels,
    expected_complete,
    label_correlations,
    smallest_before,
    smallest_difference,
)
from mtl_search.analysis.significance import estimate, jackknife_variance

NUMBERS = stats.norm.ppf((np.arange(400) + 0.5) / 400)


def labels(
    units: int = 1000,
    kind: str = "regression",
    metric: str = "rmse",
    values: NDArray[Any] = NUMBERS,
    weight: float = 1.0,
) -> TaskLabels:
    return TaskLabels(kind, metric, units, values, weight)


def auroc(scores: NDArray[Any], positive: NDArray[Any]) -> float:
    return stats.mannwhitneyu(scores[positive], scores[~positive]).statistic / (
        positive.sum() * (~positive).sum()
    )


def shown(effect: float, of_seeds: float, seeds: int, of_rows: float, groups: int, times: int = 800) -> float:
    """How often `estimate` shows ``effect``: seeds and groups of rows scatter as they are said to."""
    rng, found = np.random.default_rng(0), 0
    for _ in range(times):
        rows_G = rng.normal(scale=of_rows * math.sqrt(groups), size=groups)  # each group's part of the mean
        values_S = effect + rows_G.mean() + rng.normal(scale=of_seeds, size=seeds)
        resampled_G = (rows_G.sum() - rows_G) / (groups - 1)
        found += estimate(values_S, jackknife_variance(resampled_G), groups).p < 0.05
    return found / times


@pytest.mark.parametrize(
    ("of_seeds", "seeds", "of_rows", "groups"),
    [(1.0, 5, 1.0, 20), (1.0, 3, 0.3, 20), (0.3, 5, 1.0, 20), (1.0, 8, 1.0, 6), (1.3, 5, 1.0, 20)],
)
def test_the_smallest_difference_is_shown_four_times_in_five(
    of_seeds: float, seeds: int, of_rows: float, groups: int
) -> None:
    effect = smallest_difference(of_seeds, seeds, of_rows, groups)
    assert shown(effect, of_seeds, seeds, of_rows, groups) == pytest.approx(0.8, abs=0.06)
    assert shown(effect / 2, of_seeds, seeds, of_rows, groups) < 0.45


def test_a_seed_alone_shows_nothing() -> None:
    assert smallest_difference(1.0, 1, 1.0) == math.inf
    assert smallest_difference(1.0, 0, 1.0) == math.inf
    assert smallest_difference(0.0, 5) == 0.0


def test_more_seeds_help_until_the_rows_are_the_limit() -> None:
    found = [smallest_difference(1.0, seeds, 1.0) for seeds in (2, 3, 5, 10, 1000)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx((stats.t.ppf(0.975, 19) + stats.t.ppf(0.8, 19)) * 1.0, rel=0.01)


@pytest.mark.parametrize("correlation", [0.8, RANKED, 0.99])
def test_two_networks_on_the_same_rows_differ_by_what_is_not_alike(correlation: float) -> None:
    """The error of a difference of two AUROC, against scores that are drawn with a correlation."""
    rng, n, values = np.random.default_rng(1), 400, []
    for _ in range(800):
        positive = np.arange(n) < n // 2
        common, own = rng.normal(size=n), rng.normal(size=(2, n))
        weight = correlation  # of scores; that of the two AUROC is found, and given to the formula
        scores = 1.19 * positive + math.sqrt(weight) * common + math.sqrt(1 - weight) * own
        values.append([auroc(score, positive) for score in scores])
    one, other = np.array(values).T
    alike = np.corrcoef(one, other)[0, 1]
    classes = labels(n, "binary", "auroc", np.array([0.0, 1.0]))
    expected = classes.difference_error * math.sqrt((1 - alike) / (1 - RANKED))
    assert 100 * (one - other).std() / one.mean() == pytest.approx(expected, rel=0.12)


def test_delta_m_averages_the_errors_of_tasks_that_are_not_one() -> None:
    tasks = {name: labels() for name in "abcd"}
    of_tasks, apart = smallest_before(tasks, np.eye(4), seeds=5)
    assert apart == pytest.approx(of_tasks[0] / 2)
    _, one = smallest_before(tasks, np.ones((4, 4)), seeds=5)
    assert one == pytest.approx(of_tasks[0])
    _, alike = smallest_before(tasks, np.full((4, 4), 0.5) + np.eye(4) / 2, seeds=5)
    assert alike == pytest.approx(of_tasks[0] * math.sqrt((1 + 3 * 0.25) / 4))


def test_the_square_of_a_correlation_is_that_of_squared_errors() -> None:
    a, b, c = np.random.default_rng(2).normal(size=(3, 200_000))
    assert np.corrcoef(a**2, (0.6 * a + 0.8 * b) ** 2)[0, 1] == pytest.approx(0.36, abs=0.01)
    assert np.corrcoef(a**2, c**2)[0, 1] == pytest.approx(0, abs=0.01)


def test_weights_count_as_in_delta_m() -> None:
    tasks = {"a": labels(weight=3), "b": labels(units=250, weight=1)}
    of_tasks, whole = smallest_before(tasks, np.eye(2), seeds=5)
    assert of_tasks[1] == pytest.approx(2 * of_tasks[0])
    assert whole == pytest.approx(of_tasks[0] * math.sqrt(0.75**2 + 0.5**2))


def test_a_metric_nothing_is_known_of_is_left_out() -> None:
    tasks = {"a": labels(), "b": labels(metric="cosine")}
    of_tasks, whole = smallest_before(tasks, np.eye(2), seeds=5)
    assert math.isnan(of_tasks[1])
    assert whole == of_tasks[0]
    assert math.isnan(smallest_before({"b": tasks["b"]}, np.eye(1), seeds=5)[1])


def test_few_groups_show_less_than_as_many_rows() -> None:
    few, many = (smallest_before({"a": labels(n)}, np.eye(1), seeds=5)[1] for n in (6, 600))
    assert few > 10 * many


@pytest.mark.parametrize(("trials", "factor", "free"), [(6, 3, 4), (20, 3, 4), (48, 3, 4), (20, 2, 1)])
def test_how_many_trials_of_a_study_complete(trials: int, factor: int, free: int) -> None:
    """Against the rule itself, on configurations in any order."""
    rng, found = np.random.default_rng(4), []
    for _ in range(2000):
        at_rung: list[list[float]] = [[], []]
        complete = 0
        for i in range(trials):
            for seen in at_rung:
                value = rng.random()
                kept = max(1, (len(seen) + 1) // factor)
                passes = i < free or len(seen) < kept or value >= sorted(seen)[-kept]
                seen.append(value)
                if not passes:
                    break
            else:
                complete += 1
        found.append(complete)
    assert expected_complete(trials, 2, factor, free) == pytest.approx(np.mean(found), rel=0.08)


def test_without_rungs_all_complete() -> None:
    assert expected_complete(7, 0, 3, 4) == 7
    assert expected_complete(3, 2, 3, 4) == 3


def test_labels_are_correlated_over_the_rows_that_both_have() -> None:
    rng = np.random.default_rng(5)
    a = rng.normal(size=(5000, 1))
    b = -0.6 * a + 0.8 * rng.normal(size=(5000, 1))
    classes = np.concatenate([a > 0.5, a < 0.5, rng.random((5000, 1)) < 0.5], axis=1).astype(float)
    b[:1000] = np.nan
    found = label_correlations([a, b, classes, np.ones((5000, 1))])
    assert found == pytest.approx(found.T)
    assert np.diag(found) == pytest.approx(1)
    assert found[0, 1] == pytest.approx(0.6, abs=0.03)
    assert found[0, 2] == pytest.approx(abs(np.corrcoef(a[:, 0], classes[:, 0])[0, 1]))
    assert found[3, 0] == 0  # a constant tells nothing


def test_labels_that_no_row_has_together_are_not_correlated() -> None:
    values = np.array([[1.0], [2.0], [np.nan], [np.nan]])
    assert label_correlations([values, values[::-1]])[0, 1] == 0
