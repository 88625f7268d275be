import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtl_search.analysis.significance import Verdict, estimate, holm, jackknife_variance, overall, verdict

numbers = st.floats(-50, 50).map(lambda x: round(x, 3))


@given(st.lists(numbers, min_size=2, max_size=12).filter(lambda x: np.std(x) > 1e-6))
def test_an_estimate_is_scipys_t_test_and_interval(values: list[float]) -> None:
    found, expected = estimate(values), stats.ttest_1samp(values, 0.0)
    interval = expected.confidence_interval(0.95)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9, abs=1e-9)
    assert (found.mean, found.sd) == pytest.approx((np.mean(values), np.std(values, ddof=1)))


pairs_that_differ = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=10).filter(
    lambda pairs: np.std(np.diff(pairs)) > 1e-6
)


@given(pairs_that_differ)
def test_of_differences_it_is_the_paired_t_test(pairs: list[tuple[float, float]]) -> None:
    a, b = np.array(pairs).T
    assert estimate(a - b).p == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-9, abs=1e-12)


@given(st.lists(numbers, min_size=2, max_size=8), st.floats(0, 100), st.integers(2, 30))
def test_the_sampling_of_test_rows_makes_it_less_sure(
    values: list[float], variance: float, groups: int
) -> None:
    alone, both = estimate(values), estimate(values, variance, groups)
    assert both.mean == alone.mean
    assert both.low <= both.mean <= both.high
    assert both.high - both.low >= alone.high - alone.low
    assert both.p >= alone.p
    freedom = len(values) + groups
    at_least = stats.t.ppf(0.975, freedom) * math.sqrt(alone.sd**2 / len(values) + variance)
    assert both.high - both.mean >= at_least * 0.999 - 1e-9


def test_satterthwaite_by_hand() -> None:
    """Seeds: sd 1, n 4, so variance 0.25 with 3 df; test rows: variance 0.75 with 19 df."""
    values = np.array([1.0, 2.0, 2.0, 3.0])
    values = 2 + (values - 2) / values.std(ddof=1)
    found = estimate(values, 0.75, 20)
    freedom = 1.0 / (0.25**2 / 3 + 0.75**2 / 19)
    assert found.p == pytest.approx(2 * stats.t.sf(2.0, freedom))
    assert found.high == pytest.approx(2.0 + stats.t.ppf(0.975, freedom))


def test_one_seed_shows_its_mean_and_nothing_else() -> None:
    found = estimate([2.5])
    assert (found.n, found.mean) == (1, 2.5)
    assert all(math.isnan(value) for value in (found.sd, found.low, found.high, found.p))
    assert math.isnan(estimate([2.5], 1.0, 20).p)


def test_no_seed_shows_nothing() -> None:
    found = estimate([math.nan, math.inf])
    assert found.n == 0
    assert all(math.isnan(value) for value in (found.mean, found.sd, found.low, found.high, found.p))


def test_undefined_values_are_left_out() -> None:
    assert estimate([1.0, math.nan, 3.0]) == estimate([1.0, 3.0])


@pytest.mark.parametrize(("n", "p"), [(2, 0.5), (3, 0.25), (5, 0.0625), (6, 0.03125)])
def test_without_any_spread_only_the_signs_count(n: int, p: float) -> None:
    found = estimate([0.1 + 0.2] * (n - 1) + [0.3])  # equal but for rounding
    assert found.p == p
    assert found.low == found.mean == found.high == pytest.approx(0.3)


def test_designs_that_are_the_same_network_do_not_differ() -> None:
    found = estimate([0.0] * 5)
    assert (found.mean, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_equal_seeds_are_still_tested_against_the_test_rows() -> None:
    found = estimate([1.0] * 5, 1.0, 20)
    assert found.p == pytest.approx(2 * stats.t.sf(1.0, 19))
    assert estimate([1.0] * 5, 1e-300, 20).p == 0.0625


@given(st.lists(numbers, min_size=2, max_size=30))
def test_the_jackknife_of_a_mean_is_its_variance(values: list[float]) -> None:
    x = np.array(values)
    replicates = (x.sum() - x) / (len(x) - 1)
    assert jackknife_variance(replicates) == pytest.approx(x.var(ddof=1) / len(x), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("replicates", [[], [1.0], [math.nan, 2.0]])
def test_too_few_replicates_say_nothing(replicates: list[float]) -> None:
    assert jackknife_variance(replicates) == 0.0


def test_holm_is_that_of_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="statsmodels is not installed")
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 5, 12) * 6:
        p_values = np.round(rng.random(n) ** 3, 2)  # small ones, and ties
        assert holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 8))
def test_an_undefined_p_value_changes_no_other(p_values: list[float], at: int) -> None:
    at = min(at, len(p_values))
    found = holm([*p_values[:at], math.nan, *p_values[at:]])
    assert math.isnan(found[at])
    assert found[:at] + found[at + 1 :] == holm(p_values)


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.5]) == pytest.approx([0.08, 0.03, 0.5])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(
    ("difference", "p", "said"),
    [
        (1.0, 0.049, Verdict.BETTER),
        (-1.0, 0.049, Verdict.WORSE),
        (1.0, 0.05, Verdict.NONE),
        (9.0, math.nan, Verdict.NONE),
        (0.0, 1.0, Verdict.NONE),
    ],
)
def test_verdicts(difference: float, p: float, said: Verdict) -> None:
    assert verdict(difference, p) is said


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([Verdict.BETTER, Verdict.BETTER], Verdict.BETTER),
        ([Verdict.BETTER], Verdict.BETTER),
        ([Verdict.BETTER, Verdict.NONE], Verdict.NONE),
        ([Verdict.BETTER, Verdict.WORSE], Verdict.WORSE),
        ([], Verdict.NONE),
    ],
)
def test_one_verdict_over_several_references(verdicts: list[Verdict], said: Verdict) -> None:
    assert overall(verdicts) is said


def false_findings(rng: np.random.Generator, *, resampled: bool) -> float:
    """How often two networks of equal worth are told apart, whose luck with the test rows differs."""
    found = 0
    for _ in range(400):
        rows = rng.normal(0, 3, 20)  # each group's difference, the same for every seed
        seeds = rng.normal(0, 0.4, 5)
        replicates = (rows.sum() - rows) / 19
        variance = jackknife_variance(replicates) if resampled else 0.0
        found += estimate(seeds + rows.mean(), variance, 20).p < 0.05
    return found / 400


def test_seeds_alone_find_differences_that_are_not_there_and_the_jackknife_does_not() -> None:
    rng = np.random.default_rng(0)
    assert false_findings(rng, resampled=False) > 0.4
    assert false_findings(rng, resampled=True) < 0.08


def test_intervals_hold_the_truth_as_often_as_they_promise() -> None:
    """Means of five seeds with luck of the test rows of the same size: about 95 of 100 intervals hold it."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(500):
        rows = rng.normal(0, 0.4 * np.sqrt(20 / 5), 20)
        found = estimate(
            2.0 + rows.mean() + rng.normal(0, 0.4, 5), jackknife_variance((rows.sum() - rows) / 19), 20
        )
        held += found.low <= 2.0 <= found.high
    assert 0.93 <= held / 500 <= 1.0


def test_of_many_families_without_a_difference_few_have_a_finding() -> None:
    rng = np.random.default_rng(2)
    found = sum(min(holm([estimate(rng.normal(0, 1, 5)).p for _ in range(6)])) < 0.05 for _ in range(200))
    assert found / 200 < 0.09
