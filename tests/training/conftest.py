"""A tiny Dataset and configurations of networks for it."""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.data import Dataset
from mtl_search.design import Branching
from mtl_search.training import TrialConfig
from tests.fixtures.data import tiny_dataset


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """All four kinds of tasks, some labels missing."""
    return tiny_dataset(160, missing=0.2)


@pytest.fixture
def make_config() -> Callable[..., TrialConfig]:
    """Makes a small network's configuration: by default all kinds but multilabel, split at stage 1."""

    def make(*members: str, **options: Any) -> TrialConfig:
        names = tuple(sorted(members or ("cost", "ill", "stage")))
        defaults: dict[str, Any] = {
            "members": names,
            "sharing": Branching.split(names, 2, 1),
            "trunk": {"name": "mlp", "stages": 2, "width": 8},
            "optimizer": {"name": "adamw", "lr": 0.01},
            "batch_size": 32,
            "epochs": 3,
            "precision": "float32",
        }
        return TrialConfig.model_validate({**defaults, **options})

    return make
