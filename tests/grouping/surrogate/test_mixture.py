"""The mixture: experts that foretold well count, and what they disagree about is uncertain."""

import numpy as np
import pytest

from mtl_search.grouping.surrogate.effects import Effects
from mtl_search.grouping.surrogate.known import Known
from mtl_search.grouping.surrogate.mixture import EXPERTS, Mixture
from mtl_search.grouping.surrogate.posterior import SetPosterior

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def known(kind: str, n_sets: int, n_tasks: int = 7, seed: int = 0) -> tuple[Known, Floats]:
    """Sets of which each task gains the mean, or the sum, of what companions give it; and other sets."""
    rng = np.random.default_rng(seed)
    members_ST = (rng.random((n_sets + 20, n_tasks)) < 0.5).astype(float)
    members_ST[:, 0] = 1.0
    effect_TT = rng.normal(size=(n_tasks, n_tasks)) * (1 - np.eye(n_tasks))
    gains_ST = members_ST @ effect_TT.T
    if kind == "pairs":
        gains_ST /= np.maximum(members_ST.sum(axis=1, keepdims=True) - 1, 1)
    gains_ST = np.where(members_ST > 0, gains_ST + 0.05 * rng.normal(size=gains_ST.shape), np.nan)
    return Known(members_ST[:n_sets], gains_ST[:n_sets], np.ones(n_sets)), members_ST[n_sets:]


@pytest.mark.parametrize("kind", ["pairs", "additive"])
def test_the_expert_whose_idea_is_right_counts_most(kind: str) -> None:
    first, second = (Effects.of(**effects) for effects in ({"average": 1.0}, {"companion": 1.0}))
    weight_E = Mixture(known(kind, 40)[0], (first, second)).weight_E
    assert weight_E[0 if kind == "pairs" else 1] > 0.9
    assert weight_E.sum() == pytest.approx(1.0)


def test_with_few_measurements_all_experts_count() -> None:
    assert Mixture(known("pairs", 2)[0], tuple(EXPERTS.values())).weight_E.min() > 0.05
    nothing = Known(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    np.testing.assert_allclose(Mixture(nothing, tuple(EXPERTS.values())).weight_E, 1 / len(EXPERTS))


def test_what_experts_disagree_about_is_uncertain() -> None:
    evidence, others = known("pairs", 12)
    mixture = Mixture(evidence, tuple(EXPERTS.values()), np.full(len(EXPERTS), 1 / len(EXPERTS)))
    said = [SetPosterior(evidence, effects).predict(others) for effects in EXPERTS.values()]
    mean_CT, deviation_CT = mixture.predict(others)
    np.testing.assert_allclose(mean_CT, np.mean([mean for mean, _ in said], axis=0))
    within_CT = np.mean([deviation**2 for _, deviation in said], axis=0)
    between_CT = np.var([mean for mean, _ in said], axis=0)
    np.testing.assert_allclose(deviation_CT**2, within_CT + between_CT)
