"""A second way of sharing, and a second kind of features, through the real loop."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from mtl_search.testing.sharing_suite import SharingSuite
from mtl_search.training import TrialConfig, network_cost, run_trial
from tests.fixtures.data import tiny_dataset
from tests.fixtures.parts import Experts

PARTS = "tests.fixtures.parts"
TRIAL: dict[str, Any] = {
    "members": ["cost", "ill"],
    "sharing": "cost ill / cost | ill",
    "trunk": {"name": "mlp", "stages": 2, "width": 8},
    "optimizer": {"name": "adamw", "lr": 0.01},
    "batch_size": 32,
    "epochs": 3,
}
WITH = {
    "experts": {"sharing": {"name": f"{PARTS}:Experts", "n": 2}},
    "tokens": {"encoder": {"name": f"{PARTS}:Tokens"}, "trunk": {"name": f"{PARTS}:Stepwise"}},
}


class TestExperts(SharingSuite):
    def sharing(self, members: tuple[str, ...]) -> Experts:
        return Experts()


@pytest.mark.parametrize("change", WITH.values(), ids=WITH)
def test_a_network_of_it_is_counted_trained_and_read_again(change: dict[str, Any]) -> None:
    dataset, config = tiny_dataset(160), TrialConfig.model_validate({**TRIAL, **change})
    outcome = run_trial(config, dataset, seed=1)
    assert outcome.error is None
    assert math.isfinite(outcome.score)
    assert run_trial(config, dataset, seed=1).score == outcome.score
    assert run_trial(config, dataset, seed=2).score != outcome.score
    assert network_cost(config, dataset).n_params > 0
    assert TrialConfig.model_validate_json(config.model_dump_json()) == config


def test_ways_of_sharing_differ_in_identity() -> None:
    configs = [TrialConfig.model_validate({**TRIAL, "sharing": Experts(n=n)}) for n in (2, 3)]
    configs.append(TrialConfig.model_validate(TRIAL))
    assert len({config.identity("data") for config in configs}) == 3


@pytest.mark.parametrize(
    ("sharing", "message"),
    [
        ({"name": "experts"}, "'mmoe', 'cgc', 'ple', 'cross_stitch'"),
        ({"name": f"{PARTS}:Stepwise"}, "a sharing's module:Class"),
        (None, "valid dictionary"),
    ],
)
def test_what_is_no_sharing_is_refused(sharing: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrialConfig.model_validate({**TRIAL, "sharing": sharing})
