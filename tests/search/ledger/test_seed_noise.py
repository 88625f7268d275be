"""The noise of seeds: what is common to all networks does not count, nor does one that diverged."""

import numpy as np
import pytest

from mtl_search.search.ledger.seed_noise import SeedNoise


def networks(
    number: int, seeds: int = 2, *, own: float = 1.0, common: float = 0.0, shared: float = 0.0
) -> dict[str, dict[int, dict[str, float]]]:
    """Gains of two tasks; ``shared``: noise that both tasks of a training have."""
    rng = np.random.default_rng(0)
    of_seed = common * rng.normal(size=(seeds, 2))
    found = {}
    for number_ in range(number):
        values = (
            rng.normal() + own * rng.normal(size=(seeds, 2)) + of_seed + shared * rng.normal(size=(seeds, 1))
        )
        found[f"n{number_}"] = {s: {"a": float(v[0]), "b": float(v[1])} for s, v in enumerate(values)}
    return found


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("common", [0.0, 20.0])
def test_it_is_that_of_a_networks_own(seeds: int, common: float) -> None:
    noise = SeedNoise(networks(400, seeds, common=common))
    assert noise.sd == pytest.approx({"a": 1.0, "b": 1.0}, rel=0.2)
    assert noise.n_networks == 400


def test_one_that_diverged_does_not_count_for_all() -> None:
    gains = networks(60)
    plain = SeedNoise(gains).sd["a"]
    gains["n3"][1]["a"] = -1e6
    assert SeedNoise(gains).sd["a"] == pytest.approx(plain, rel=0.2)


def test_tasks_of_a_training_share_its_luck() -> None:
    apart, together = SeedNoise(networks(300)), SeedNoise(networks(300, own=0.1, shared=1.0))
    assert abs(apart.covariance("a", "b")) < 0.2
    assert together.covariance("a", "b") == pytest.approx(together.sd["a"] * together.sd["b"], rel=0.1)
    assert apart.covariance("a", "a") == apart.sd["a"] ** 2


def test_freedom_grows_with_networks_and_seeds() -> None:
    assert SeedNoise(networks(1)).freedom("a") == 1
    assert SeedNoise(networks(21)).freedom("a") == (21 - 1) // 2
    assert SeedNoise(networks(21, 5)).freedom("a") == (21 * 4 - 4) // 2


def test_of_one_network_all_of_its_spread_counts() -> None:
    noise = SeedNoise({"x": {0: {"a": -1.0}, 1: {"a": 1.0}}})
    assert noise.sd["a"] > 1.0


def test_what_says_nothing() -> None:
    assert SeedNoise({}).sd == {}
    assert SeedNoise({"x": {0: {"a": 1.0}}}).sd == {}
    assert SeedNoise({"x": {0: {"a": 1.0}, 1: {"a": float("nan")}}}).sd == {}
