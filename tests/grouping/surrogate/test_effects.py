"""The effects: kernels that are covariances, features that are shared, variances on the diagonal."""

import numpy as np
import pytest

from mtl_search.grouping.surrogate.effects import (
    NOISE,
    OWN,
    REACH,
    SHARED,
    Effects,
    OwnKernel,
    own_variance,
    shared_features,
    shared_groups,
    standard_affinity,
)

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def sets_of(task: int, n_sets: int = 40, n_tasks: int = 6, seed: int = 0) -> Floats:
    members_ST = (np.random.default_rng(seed).random((n_sets, n_tasks)) < 0.5).astype(float)
    members_ST[:, task] = 1.0
    return members_ST


def only(**variances: float) -> Effects:
    """Nothing but these effects."""
    logs = {name: np.log(variances.get(name, 1e-12)) for name in (*SHARED, *OWN, "noise")}
    return Effects((*(float(v) for v in logs.values()), 0.0))


def test_a_vector_has_a_place_for_each_effect() -> None:
    effects = only(trial=2.0, level=3.0, noise=5.0)
    assert len(effects.vector) == REACH + 1
    assert effects.shared[-1] == pytest.approx(2.0)
    assert effects.own["level"] == pytest.approx(3.0)
    assert effects.noise == pytest.approx(5.0) == pytest.approx(np.exp(effects.vector[NOISE]))
    assert effects.reach == 0.5


def test_the_kernel_is_a_covariance_whose_diagonal_is_the_variance() -> None:
    members_ST, effects = sets_of(2), Effects.of()
    covariance_SS = OwnKernel(members_ST, members_ST, 2).weighed(effects)
    np.testing.assert_allclose(covariance_SS, covariance_SS.T)
    assert np.linalg.eigvalsh(covariance_SS).min() > -1e-9
    np.testing.assert_allclose(np.diag(covariance_SS), own_variance(members_ST, 2, effects))


def test_the_kernel_between_two_lists_is_part_of_that_over_both() -> None:
    members_ST, effects = sets_of(0), Effects.of()
    whole = OwnKernel(members_ST, members_ST, 0).weighed(effects)
    np.testing.assert_allclose(OwnKernel(members_ST[:5], members_ST[5:], 0).weighed(effects), whole[:5, 5:])


def test_detail_falls_with_every_member_by_which_sets_differ() -> None:
    members_ST = np.array([[1.0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
    covariance_SS = OwnKernel(members_ST, members_ST, 0).weighed(only(detail=1.0))
    np.testing.assert_allclose(covariance_SS[0], [1, 0.5, 0.25, 0.125], atol=1e-9)


def test_companions_covary_where_sets_share_them() -> None:
    one, two, none = np.array([[1.0, 1, 0, 0]]), np.array([[1.0, 1, 1, 0]]), np.array([[1.0, 0, 0, 1]])
    effects = only(companion=1.0)
    assert OwnKernel(one, two, 0).weighed(effects)[0, 0] == pytest.approx(0.5)
    assert OwnKernel(one, none, 0).weighed(effects)[0, 0] == pytest.approx(0.0, abs=1e-9)


def test_pairs_covary_where_sets_share_two_companions() -> None:
    two, three, one = np.array([[1.0, 1, 1, 0]]), np.array([[1.0, 1, 1, 1]]), np.array([[1.0, 1, 0, 1]])
    effects = only(pairs=1.0)
    assert OwnKernel(two, three, 0).weighed(effects)[0, 0] == pytest.approx(0.5)
    assert OwnKernel(two, one, 0).weighed(effects)[0, 0] == pytest.approx(0.0, abs=1e-9)


def covariance_of(effect: str, task_a: int, set_a: list[int], task_b: int, set_b: list[int]) -> float:
    """Of a task in one set and another task in another, by one shared effect."""
    n = 4
    groups_F = shared_groups(n, 0)
    weights_F = (groups_F == list(SHARED).index(effect)).astype(float)
    rows = [
        shared_features(np.isin(np.arange(n), members)[None].astype(float), task, None, np.ones(1), 0)[0]
        for task, members in ((task_a, set_a), (task_b, set_b))
    ]
    return float(rows[0] @ (weights_F * rows[1]))


@pytest.mark.parametrize(
    ("effect", "first", "second", "expected"),
    [
        ("company", (0, [0, 1]), (3, [2, 3]), 1.0),
        ("crowd", (0, [0, 1, 2]), (3, [0, 1, 2, 3]), 0.25 * 0.5),
        ("crowd", (0, [0, 1]), (3, [0, 1, 2, 3]), 0.0),
        ("helper", (0, [0, 1]), (2, [1, 2]), 0.5),  # task 1 helps both
        ("helper", (0, [0, 1]), (1, [0, 1]), 0.0),  # each helps only the other
        ("mutual", (0, [0, 1]), (1, [0, 1]), 0.5),  # the same pair, seen from both sides
        ("mutual", (0, [0, 1]), (2, [1, 2]), 0.0),
        ("mutual", (0, [0, 1, 2]), (0, [0, 1, 2, 3]), 1.0),
    ],
)
def test_shared_effects_tell_one_task_about_another(
    effect: str, first: tuple[int, list[int]], second: tuple[int, list[int]], expected: float
) -> None:
    assert covariance_of(effect, *first, *second) == pytest.approx(expected)


def test_a_trial_is_shared_by_its_members_alone() -> None:
    members_ST = sets_of(0, 3)
    members_ST[:, 1] = 1.0
    rows, times = np.arange(3), np.array([1.0, 1.0, 4.0])
    trials = shared_groups(6, 3) == list(SHARED).index("trial")
    first, second = (shared_features(members_ST, task, rows, times, 3)[:, trials] for task in (0, 1))
    np.testing.assert_allclose(first @ second.T, np.diag([1.0, 1.0, 0.25]))


def test_affinities_say_which_companions_are_better_than_others() -> None:
    affinity_TT = np.array([[9.0, 1, 2], [4, 9, 6], [0, 3, 9]])
    standard_TT = standard_affinity(affinity_TT)
    others = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(standard_TT.sum(axis=0), 0.0, atol=1e-12)
    spread_T = np.sqrt((standard_TT**2 * others).sum(axis=0) / 2)
    np.testing.assert_allclose(spread_T, 1.0)
    assert standard_TT[1, 0] > 0 > standard_TT[2, 0]  # what 1 and 2 do to 0
    assert (standard_affinity(np.ones((3, 3))) == 0).all()


def test_affinities_that_were_not_measured_say_nothing() -> None:
    affinity_TT = np.array([[0.0, 1, np.nan], [4, 0, np.nan], [0, np.nan, 0]])
    standard_TT = standard_affinity(affinity_TT)
    assert (standard_TT[:, 2] == 0).all()
    assert standard_TT[2, 1] == 0
    assert standard_TT[1, 0] == -standard_TT[2, 0] > 0


def test_a_set_has_the_mean_affinity_of_its_companions() -> None:
    affinity_TT = standard_affinity(np.array([[0.0, 1, 2], [4, 0, 6], [0, 3, 0]]))
    place = list(shared_groups(3, 0)).index(list(SHARED).index("affinity"))
    sets = np.array([[1.0, 0, 0], [1, 1, 0], [1, 1, 1]])
    seen = shared_features(sets, 0, None, np.ones(3), 0, affinity_TT)[:, place]
    np.testing.assert_allclose(seen, [0.0, affinity_TT[1, 0], affinity_TT[1:, 0].mean()], atol=1e-12)
    assert (shared_features(sets, 0, None, np.ones(3), 0)[:, place] == 0).all()
