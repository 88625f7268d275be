"""The posterior: equal to the textbook formula, calibrated, and its slope the slope of its likelihood."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import approx_fprime

from mtl_search.grouping.replay.synthetic import synthetic_table
from mtl_search.grouping.surrogate.effects import (
    OWN,
    SHARED,
    TRIAL,
    Effects,
    OwnKernel,
    shared_features,
    shared_groups,
    shared_mean,
    standard_affinity,
)
from mtl_search.grouping.surrogate.fit import fit_effects, likelihood
from mtl_search.grouping.surrogate.known import Known, Look
from mtl_search.grouping.surrogate.mixture import EXPERTS
from mtl_search.grouping.surrogate.posterior import JITTER, SetPosterior

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def some_effects(seed: int) -> Effects:
    vector = np.array(Effects.of(**(SHARED | OWN | {"average": 0.2})).vector)
    vector += 0.3 * np.random.default_rng(seed).standard_normal(len(vector))
    return Effects(tuple(vector.tolist()))


def some_affinities(seed: int) -> Floats:
    return standard_affinity(np.random.default_rng(seed).standard_normal((6, 6)))


def measured(n_sets: int, seed: int = 0, shape: str = "clusters", n_tasks: int = 6) -> tuple[Floats, Floats]:
    """Some sets of a made-up table, and their gains; without the single tasks."""
    table = synthetic_table(shape, n_tasks, seed=seed)
    rows = n_tasks + np.random.default_rng(seed).permutation(len(table.sets) - n_tasks)[:n_sets]
    members_ST = np.array([[float(t in members) for t in table.tasks] for members in table.sets])
    return members_ST[rows], table.valid_RST[0][rows]


def by_the_textbook(
    members_MT: Floats,
    gains_MT: Floats,
    times_M: Floats,
    effects: Effects,
    members_CT: Floats,
    scale_T: Floats,
    affinity_TT: Floats | None,
) -> tuple[Floats, Floats]:
    """Conditioning one big Gaussian over all (set, task) pairs."""
    both_ST = np.vstack([members_MT, members_CT])
    n_sets, n_tasks = both_ST.shape
    weights_F = effects.shared[shared_groups(n_tasks, len(members_MT))]
    pairs = [(s, t) for s in range(n_sets) for t in range(n_tasks) if both_ST[s, t]]
    rows, tasks = (np.array(column) for column in zip(*pairs, strict=True))
    features = np.array(
        [
            shared_features(
                both_ST[[s]],
                t,
                np.array([s]) if s < len(members_MT) else None,
                times_M[[s]] if s < len(members_MT) else np.ones(1),
                len(members_MT),
                affinity_TT,
            )[0]
            for s, t in pairs
        ]
    )
    prior = (features * weights_F) @ features.T
    for task in range(n_tasks):
        at = np.flatnonzero(tasks == task)
        prior[np.ix_(at, at)] += OwnKernel(both_ST[rows[at]], both_ST[rows[at]], task).weighed(effects)
    seen = np.flatnonzero(rows < len(members_MT))
    new = np.flatnonzero(rows >= len(members_MT))
    noisy = prior[np.ix_(seen, seen)] + np.diag((effects.noise + JITTER) / times_M[rows[seen]])
    gain = np.linalg.solve(noisy, prior[np.ix_(seen, new)]).T
    expected = shared_mean(features, shared_groups(n_tasks, len(members_MT)))
    mean = gain @ (gains_MT[rows[seen], tasks[seen]] / scale_T[tasks[seen]] - expected[seen]) + expected[new]
    variance = np.diag(prior[np.ix_(new, new)] - gain @ prior[np.ix_(seen, new)])
    mean_CT, deviation_CT = np.full((2, *members_CT.shape), np.nan)
    mean_CT[rows[new] - len(members_MT), tasks[new]] = mean
    deviation_CT[rows[new] - len(members_MT), tasks[new]] = np.sqrt(variance)
    return mean_CT * scale_T, deviation_CT * scale_T


@pytest.mark.parametrize("affinity_TT", [None, some_affinities(5)], ids=["without", "with affinities"])
@pytest.mark.parametrize("seed", range(3))
def test_the_posterior_is_that_of_one_big_gaussian(seed: int, affinity_TT: Floats | None) -> None:
    members_ST, gains_ST = measured(24, seed)
    times_M, effects = np.random.default_rng(seed).integers(1, 4, 14).astype(float), some_effects(seed)
    known = Known(members_ST[:14], gains_ST[:14], times_M, affinity_TT)
    posterior, scale_T = SetPosterior(known, effects), known.scale_T
    mean, deviation = by_the_textbook(
        members_ST[:14], gains_ST[:14], times_M, effects, members_ST[14:], scale_T, affinity_TT
    )
    found_mean, found_deviation = posterior.predict(members_ST[14:])
    np.testing.assert_allclose(found_mean, mean, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found_deviation, deviation, rtol=1e-6)


@pytest.mark.parametrize("again", [0.0, 3.0])
def test_the_slope_of_the_likelihood_is_its_slope(again: float) -> None:
    members_MT, gains_MT = measured(15)
    repeats = np.full(6, again), np.linspace(0, again, 6)
    known = Known(members_MT, gains_MT, np.linspace(1, 3, 15), some_affinities(5), *repeats)
    point = np.array(some_effects(1).vector)

    def unlikely(vector: NDArray[np.float64]) -> float:
        return likelihood(known, Effects(tuple(vector)))[0]

    slope = approx_fprime(point, unlikely, 1e-6)
    np.testing.assert_allclose(likelihood(known, Effects(tuple(point)))[1], slope, rtol=1e-3, atol=1e-4)


def test_what_was_foretold_is_what_the_others_say() -> None:
    """Leaving a set out by hand, and telling its gains one after another, gives the same density."""
    members_MT, gains_MT = measured(9)
    effects, known = some_effects(2), Known(members_MT, gains_MT, np.ones(9))
    row, members = 4, np.flatnonzero(members_MT[4])
    scores = []
    for place, task in enumerate(members):
        without_MT = gains_MT.copy()
        without_MT[row, members[place:]] = np.nan
        others = Known(members_MT, without_MT, np.ones(9))
        vars(others)["scale_T"] = known.scale_T
        mean, deviation = with_its_training(others, effects, row, int(task))
        apart = gains_MT[row, task] / known.scale_T[task] - mean
        scores.append(-0.5 * np.log(2 * np.pi * deviation**2) - 0.5 * (apart / deviation) ** 2)
    assert SetPosterior(known, effects).foretold()[row] == pytest.approx(np.mean(scores), rel=1e-6)


GOOD = np.array([[1.0, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1], [1, 1, 1, 0]])
BAD = np.array([[0.0, 0, 1, 1]])


def beliefs_about(losses: list[float], times: float = 1.0, apart: float = 30.0) -> SetPosterior:
    """Sets of which all but the last gain five percent; trainings of a set were seen to differ."""
    members_MT = np.vstack([GOOD, BAD])
    gains_MT = np.where(members_MT > 0, 5.0, np.nan)
    gains_MT[-1, 2:] = losses
    times_M = np.append(np.ones(len(GOOD)), times)
    repeats = (np.full(4, 2.0), np.full(4, 2.0 * apart**2)) if apart else (np.zeros(4), np.zeros(4))
    return SetPosterior(Known(members_MT, gains_MT, times_M, None, *repeats), Effects.of())


def test_one_training_that_fails_in_all_its_tasks_does_not_decide() -> None:
    """But where trainings of a set are alike, it does."""
    forgiven, believed = beliefs_about([-90.0, -90.0]), beliefs_about([-90.0, -90.0], apart=0.0)
    assert forgiven.doubt_M[:-1] == pytest.approx(1.0)
    assert forgiven.doubt_M[-1] > 10.0
    assert believed.doubt_M == pytest.approx(1.0)
    (mean, deviation), (lower, surer) = forgiven.predict(BAD), believed.predict(BAD)
    assert (mean[0, 2:] > 0.5 * lower[0, 2:]).all()
    assert (deviation[0, 2:] > 1.2 * surer[0, 2:]).all()


def test_what_one_task_alone_loses_is_no_failure_of_the_training() -> None:
    assert beliefs_about([-90.0, 5.0]).doubt_M[-1] < 0.5 * beliefs_about([-90.0, -90.0]).doubt_M[-1]


def test_the_more_trainings_fail_the_less_is_it_the_hyperparameters() -> None:
    doubts = [beliefs_about([-60.0, -60.0], times).doubt_M[-1] / times for times in (1.0, 2.0, 3.0)]
    assert doubts[0] > 1.0
    assert doubts[2] * 3.0 == pytest.approx(1.0)


def test_what_trainings_differ_by_bounds_what_is_forgiven() -> None:
    doubts = [beliefs_about([-90.0, -90.0], apart=apart).doubt_M[-1] for apart in (1.0, 3.0, 9.0)]
    assert doubts[0] - 1 == pytest.approx((doubts[1] - 1) / 9, rel=1e-6)
    assert doubts[1] < doubts[2]


def test_good_luck_is_not_doubted() -> None:
    assert beliefs_about([90.0, 90.0]).doubt_M == pytest.approx(1.0)


def with_its_training(known: Known, effects: Effects, row: int, task: int) -> tuple[float, float]:
    """What a measurement of ``task`` in the training of ``row`` would be, given what others gained in it."""
    members_1T, n_sets = known.members_MT[[row]], len(known.members_MT)
    features_1F = shared_features(members_1T, task, np.array([row]), np.ones(1), n_sets)
    look = known.look(members_1T)[task]
    seen = Look(look.rows, look.members_cT, look.expected_c, features_1F, look.across)
    looks = tuple(seen if at == task else each for at, each in enumerate(known.look(members_1T)))
    mean_1T, deviation_1T = SetPosterior(known, effects).predict_seen(looks, 1)
    scale = known.scale_T[task]
    variance = (deviation_1T[0, task] / scale) ** 2 + effects.noise + JITTER
    return float(mean_1T[0, task] / scale), float(np.sqrt(variance))


def test_draws_have_the_mean_and_the_spread_of_the_prediction() -> None:
    members_ST, gains_ST = measured(20)
    posterior = SetPosterior(Known(members_ST[:10], gains_ST[:10], np.ones(10)), Effects.of())
    mean, deviation = posterior.predict(members_ST)
    rng = np.random.default_rng(0)
    draws = np.array([posterior.draw(members_ST, rng) for _ in range(2000)])
    assert np.nanmax(np.abs(draws.mean(axis=0) - mean) / deviation) < 0.12
    assert np.nanmax(np.abs(draws.std(axis=0) / deviation - 1)) < 0.12
    assert (np.isnan(draws[0]) == (members_ST == 0)).all()


def test_a_draw_keeps_what_two_like_sets_have_in_common() -> None:
    members_ST = np.array([[1.0, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0]])
    posterior = SetPosterior(Known(*measured(8), np.ones(8)), Effects.of())
    rng = np.random.default_rng(0)
    draws = np.array([posterior.draw(members_ST, rng)[:, 0] for _ in range(500)])
    assert np.corrcoef(draws.T)[0, 1] > 0.6


def test_affinities_tell_of_sets_that_were_never_trained() -> None:
    """Tasks 0 to 2 help each other, so do 3 to 5; gains of four pairs show that affinities tell the truth."""
    same_TT = np.kron(np.eye(2), np.ones((3, 3))).astype(float)
    affinity_TT = standard_affinity(same_TT)
    pairs = np.array([[1.0, 1, 0, 0, 0, 0], [0, 1, 0, 1, 0, 0], [1, 0, 0, 0, 1, 0], [0, 0, 0, 1, 1, 0]])
    gains = np.where(pairs > 0, np.array([[5.0], [-5], [-5], [5]]), np.nan)
    new = np.array([[0.0, 0, 1, 0, 0, 1], [0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 1]])
    apart, *together = SetPosterior(Known(pairs, gains, np.ones(4), affinity_TT), Effects.of()).predict(new)[
        0
    ]
    assert np.nanmax(apart) < -1 < 1 < np.nanmin(together)
    blind_apart, *blind_together = SetPosterior(Known(pairs, gains, np.ones(4)), Effects.of()).predict(new)[0]
    assert np.nanmin(together) - np.nanmax(apart) > 2 * (np.nanmin(blind_together) - np.nanmax(blind_apart))


def test_nothing_measured_promises_nothing() -> None:
    members_CT = np.array([[1.0, 1, 0], [1, 1, 1]])
    nothing = Known(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    mean, deviation = SetPosterior(nothing, Effects.of()).predict(members_CT)
    np.testing.assert_array_equal(mean, np.where(members_CT > 0, 0.0, np.nan))
    assert (deviation[members_CT > 0] > 0.5).all()


def test_training_a_set_more_often_makes_it_surer() -> None:
    members_MT, gains_MT = measured(12)
    deviations = [
        np.nanmean(
            SetPosterior(Known(members_MT, gains_MT, np.full(12, times)), Effects.of()).predict(members_MT)[1]
        )
        for times in (1.0, 4.0, 16.0)
    ]
    assert deviations == sorted(deviations, reverse=True)


def test_a_task_without_gains_is_a_companion_like_any_other() -> None:
    members_MT, gains_MT = measured(25)
    gains_MT = gains_MT.copy()
    gains_MT[:, 0] = np.nan
    posterior = SetPosterior(Known(members_MT, gains_MT, np.ones(25)), Effects.of())
    with_it, without = np.ones((1, 6)), np.array([[0.0, 1, 1, 1, 1, 1]])
    assert (
        np.nanmax(np.abs(posterior.predict(with_it)[0][:, 1:] - posterior.predict(without)[0][:, 1:])) > 0.1
    )


@pytest.mark.parametrize("shape", ["clusters", "helpers", "directions"])
def test_thirty_sets_of_eight_tasks_foretell_the_others(shape: str) -> None:
    members_ST, gains_ST = measured(200, shape=shape, n_tasks=8)
    known, rest = Known(members_ST[:30], gains_ST[:30], np.ones(30)), slice(30, 200)
    posterior = SetPosterior(known, fit_effects(known, Effects.of()))
    mean, deviation = posterior.predict(members_ST[rest])
    inside = members_ST[rest] > 0
    error = (gains_ST[rest] - mean)[inside]
    assert error.var() < 0.6 * gains_ST[rest][inside].var()
    surprise = error / np.sqrt(deviation**2 + posterior.noise_T**2)[inside]
    assert 0.7 < surprise.std() < 1.5


def test_fitting_raises_the_likelihood_and_finds_the_noise() -> None:
    members_MT, gains_MT = measured(50, shape="clusters")
    known = Known(members_MT, gains_MT, np.ones(50))
    fitted = fit_effects(known, Effects.of(), steps=25)
    assert likelihood(known, fitted)[0] < likelihood(known, Effects.of())[0] - 1
    noise = np.where(members_MT > 0, np.random.default_rng(0).standard_normal(gains_MT.shape), np.nan)
    nothing = fit_effects(Known(members_MT, noise, np.ones(50)), Effects.of(), steps=25)
    assert nothing.noise > 3 * fitted.noise


@pytest.mark.parametrize("apart", [0.02, 2.0])
def test_how_far_trainings_of_a_set_are_apart_says_how_noisy_one_is(apart: float) -> None:
    """Else all that one set of effects cannot explain passes for the luck of a training."""
    members_MT, gains_MT = measured(20, shape="rugged")
    scale_T, times_M = Known(members_MT, gains_MT, np.ones(20)).scale_T, np.full(20, 3.0)
    again_T = np.full(6, 20.0)
    known = Known(members_MT, gains_MT, times_M, None, again_T, again_T * (apart * scale_T) ** 2)
    fitted = fit_effects(known, EXPERTS["pairs"], steps=30)
    found = np.sqrt(fitted.noise + fitted.shared[TRIAL])
    blind = fit_effects(Known(members_MT, gains_MT, times_M), EXPERTS["pairs"], steps=30)
    assert abs(np.log(found / apart)) < abs(np.log(np.sqrt(blind.noise + blind.shared[TRIAL]) / apart))
    assert 0.5 < found / apart < 3


def test_what_is_absent_stays_absent_when_fitted() -> None:
    members_MT, gains_MT = measured(30)
    fitted = fit_effects(Known(members_MT, gains_MT, np.ones(30)), Effects.of(level=0.5, detail=0.5))
    assert fitted.own["companion"] < 1e-6
    assert fitted.shared.max() < 1e-6


def test_nothing_measured_fits_nothing() -> None:
    nothing = Known(np.zeros((0, 4)), np.zeros((0, 4)), np.zeros(0))
    assert fit_effects(nothing, Effects.of()) == Effects.of()
