"""The configuration of a task alone with another network's hyperparameters."""

import pytest

from mtl_search.search.designs.control import alone
from mtl_search.training import TrialConfig

SHARED = {
    "members": ["age", "cost", "death"],
    "sharing": "age cost death / age cost | death / age | cost | death",
    "trunk": {"name": "mlp", "stages": 3, "width": 48, "dropout": 0.2},
    "weighting": {"name": "fixed", "weights": {"age": 2.0, "cost": 0.5, "death": 0.5}},
    "optimizer": {"name": "adamw", "lr": 0.003, "weight_decay": 0.02},
    "batch_size": 64,
    "epochs": 17,
    "patience": 4,
}


def test_all_but_what_sharing_needs_is_kept() -> None:
    config = TrialConfig.model_validate(SHARED)
    found = alone(config, "cost")
    by_hand = {
        **SHARED,
        "members": ["cost"],
        "sharing": "cost / cost / cost",
        "weighting": {"name": "equal"},
    }
    assert found == TrialConfig.model_validate(by_hand)
    assert found.identity("data") == TrialConfig.model_validate(by_hand).identity("data")
    assert config.members == ("age", "cost", "death"), "the network it was made from is as it was"


def test_a_network_of_one_task_is_its_own_control() -> None:
    config = alone(TrialConfig.model_validate(SHARED), "death")
    assert alone(config, "death").identity("data") == config.identity("data")


def test_of_members_alone() -> None:
    with pytest.raises(ValueError, match="a member of age cost death, found 'ward'"):
        alone(TrialConfig.model_validate(SHARED), "ward")
