"""How trials share GPUs."""

from typing import Any

import pytest

from mtl_search.search.executors.gpus import gpu_share, trials_on
from mtl_search.sweep.settings import Resources

GIB = 2**30


@pytest.mark.parametrize(
    ("options", "gpus", "needed", "trials"),
    [
        ({}, 1.0, 0, 64),  # nothing is known: a trial for each CPU
        ({}, 1.0, GIB, 36),
        ({}, 1.0, 8 * GIB, 4),
        ({}, 1.0, 30 * GIB, 1),
        ({}, 1.0, 300 * GIB, 1),  # does not fit, and fails as a trial, which says so
        ({}, 4.0, GIB, 16),  # each GPU for a quarter of the CPUs
        ({"cpu": 16}, 1.0, GIB, 4),
        ({"gpu": 1 / 50}, 1.0, GIB, 50),  # as it was asked for
        ({"gpu": 1}, 1.0, GIB, 1),
    ],
    ids=str,
)
def test_as_many_as_there_are_cpus_for_and_as_fit(
    options: dict[str, Any], gpus: float, needed: int, trials: int
) -> None:
    share = gpu_share(Resources(**options), 64, gpus, needed=needed, memory=40 * GIB)
    assert trials_on(1000, 1.0, 1, share) == trials
    assert share * trials <= 1.0 + 1e-9


def test_without_gpus_there_is_nothing_to_share() -> None:
    assert gpu_share(Resources(), 64, 0.0, needed=GIB, memory=GIB) == 0.0
