"""Experts win where rows need opposite features, and not where one stage for all is right."""

from functools import cache

import numpy as np
import pytest

from benchmarks.planted_data import Planted
from benchmarks.planted_experts import EXPERTS, NARROW, ONE, WIDE, linear, planted_groups
from mtl_search.records import Split
from mtl_search.training import TrialConfig, network_cost, run_trial

CROSS_STITCH = {"name": "cross_stitch"}
planted = cache(planted_groups)


def config(truth: Planted, sharing: object, width: int) -> TrialConfig:
    tuned = {"trunk": linear(width), "optimizer": {"name": "adamw", "lr": 0.1}}
    return TrialConfig.model_validate(
        {**truth.trial, **tuned, "members": tuple(truth.tasks), "sharing": sharing}
    )


@cache
def error(opposite: bool, name: str, width: int) -> float:
    """Of one training on test, where the signal has a standard deviation of 1; the mean of both tasks."""
    truth = planted(opposite=opposite)
    sharing: object = {"shared": "a1 b1", "cross_stitch": CROSS_STITCH, **EXPERTS}[name]
    outcome = run_trial(config(truth, sharing, width), truth.dataset, read_test=True)
    found = [one.value for one in outcome.metrics if (one.split, one.name) == (Split.TEST, "rmse")]
    return float(np.mean(found))


def test_labels_are_opposite_features_of_two_groups() -> None:
    """Within a group each task is one direction of the inputs; over all rows it is none."""
    test = planted(opposite=True).dataset.test
    assert test is not None
    inputs_NF = test.inputs["numeric"].numpy().astype(float)
    labels_NT = np.stack([values.numpy() for values in test.targets.values()], axis=1).astype(float)
    over_all = np.linalg.lstsq(inputs_NF, labels_NT, rcond=None)
    assert np.all(over_all[1] / (labels_NT**2).sum(axis=0) > 0.4)


@pytest.mark.parametrize("name", EXPERTS)
def test_experts_win_where_rows_need_opposite_features(name: str) -> None:
    truth = planted(opposite=True)
    sizes = [
        network_cost(config(truth, sharing, width), truth.dataset).n_params
        for sharing, width in ((EXPERTS[name], NARROW), ("a1 b1", WIDE))
    ]
    assert sizes[0] < sizes[1]
    assert error(True, name, NARROW) < 0.3 * error(True, "shared", WIDE)


def test_stitches_route_no_rows() -> None:
    """They mix members alike in every row."""
    assert error(True, "cross_stitch", NARROW) > 0.9 * error(True, "shared", WIDE)


@pytest.mark.parametrize("name", EXPERTS)
def test_experts_are_not_ahead_where_one_stage_is_right(name: str) -> None:
    assert error(False, name, ONE) > error(False, "shared", ONE)
