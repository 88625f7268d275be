import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn.modules.linear import Identity

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import (
    CosmosConfig,
    GeometricMeanConfig,
    PbiConfig,
    RandomConfig,
    StchConfig,
    WeightingOptions,
)
from mtl_search.weighting.scalarizer import ScalarizerWeighting

ROWS = {"age": [1.0, 0.0], "cost": [0.0, 1.0]}
MEMBERS = ("age", "cost")
BOTH = {"age": 2.0, "cost": 8.0}
ROOT = math.sqrt(0.5)


def weights_of(config: WeightingOptions, **losses: float) -> list[float]:
    """The weights of two tasks with orthogonal gradients of length 1, checked against the gradient."""
    network = LinearNetwork(ROWS)
    weights = config.build(MEMBERS).backward(network.losses(**losses), network)
    present = [float(weights[name]) for name in losses]
    gradient = dict(zip(MEMBERS, network.gradient(), strict=True))
    assert [gradient[name] for name in losses] == pytest.approx(present)
    return present


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # sqrt(2 * 8) = 4 is the mean; its derivative is mean / (2 * loss)
        (GeometricMeanConfig(), [4 / 4, 4 / 16]),
        # the derivative of mu log sum exp(w L / mu) is w softmax(w L / mu), w = 1/2
        (StchConfig(mu=3.0), [0.5 / (1 + math.exp(1)), 0.5 / (1 + math.exp(-1))]),
        # weights 3 : 1 scaled to 3/4 and 1/4: w L = 1.5 and 2
        (
            StchConfig(mu=0.5, weights={"age": 3.0, "cost": 1.0}),
            [0.75 / (1 + math.exp(1)), 0.25 / (1 + math.exp(-1))],
        ),
        # along (1, 1) / sqrt 2, the distance from it being that of (-3, 3) from zero
        (PbiConfig(theta=0.0), [ROOT, ROOT]),
        (PbiConfig(theta=0.5), [ROOT - 0.5 * ROOT, ROOT + 0.5 * ROOT]),
        (PbiConfig(theta=0.0, weights={"age": 3.0, "cost": 4.0}), [0.6, 0.8]),
        (CosmosConfig(strength=0.0, weights={"age": 1.0, "cost": 3.0}), [0.25, 0.75]),
        # the gradient of the cosine of (2, 8) with (1, 1) is (8, -2) * 6 / (sqrt 2 * 68 ** 1.5)
        (
            CosmosConfig(strength=1.0),
            [0.5 - 48 / (math.sqrt(2) * 68**1.5), 0.5 + 12 / (math.sqrt(2) * 68**1.5)],
        ),
    ],
)
def test_weights_worked_out_by_hand(config: Any, expected: list[float]) -> None:
    assert weights_of(config, **BOTH) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (GeometricMeanConfig(), 1.0),
        (StchConfig(), 1.0),
        (StchConfig(weights={"age": 0.1, "cost": 1.0}), 1.0),
        (PbiConfig(), 1.0),
        (CosmosConfig(), 1.0),
        (RandomConfig(), 1.0),
    ],
)
def test_a_member_alone_weighs_as_the_only_one(config: Any, expected: float) -> None:
    assert weights_of(config, age=3.0) == pytest.approx([expected], rel=1e-4)


def test_random_weights_are_new_each_batch_sum_to_one_and_follow_the_seed() -> None:
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append([weights_of(RandomConfig(), **BOTH) for _ in range(3)])
    assert runs[0] == runs[1]
    assert len({tuple(weights) for weights in runs[0]}) == 3
    assert all(sum(weights) == pytest.approx(1.0) and min(weights) > 0 for weights in runs[0])


def test_a_loss_of_zero_weighs_nothing_in_the_geometric_mean() -> None:
    weights = weights_of(GeometricMeanConfig(), age=0.0, cost=1.0)
    assert weights == pytest.approx([0.0, 0.5 * math.sqrt(1e-8)])


def test_a_scalarizer_is_built_once_for_each_set_of_members() -> None:
    built = []

    def build(present: tuple[str, ...], device: torch.device) -> Callable[..., Any] | Identity:
        built.append(present)
        return nn.Identity() if len(present) == 1 else torch.sum

    network, weighting = LinearNetwork(ROWS), ScalarizerWeighting(build)
    for losses in (BOTH, {"age": 1.0}, BOTH, {"age": 2.0}):
        weighting.backward(network.losses(**losses), network)
    assert built == [("age", "cost"), ("age",)]


@pytest.mark.parametrize("config", [StchConfig, PbiConfig, CosmosConfig])
def test_weights_must_name_the_members(config: Any) -> None:
    with pytest.raises(ValueError, match="expected one for each of age, cost, found age"):
        config(weights={"age": 1.0}).build(MEMBERS)


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (StchConfig, {"mu": 0.0}),
        (PbiConfig, {"theta": -1.0}),
        (CosmosConfig, {"strength": -1.0}),
        (RandomConfig, {"weights": {"age": 1.0}}),
        (StchConfig, {"weights": {"age": -1.0}}),
    ],
)
def test_wrong_options_are_refused(
    config: Any, options: dict[str, dict[str, float]] | dict[str, float]
) -> None:
    with pytest.raises(ValidationError):
        config(**options)


def test_a_preference_sums_to_one_over_those_present() -> None:
    cpu = torch.device("cpu")
    assert StchConfig().preference(("age", "cost"), cpu).tolist() == [0.5, 0.5]
    weights = {"age": 1.0, "cost": 2.0, "death": 6.0}
    assert StchConfig(weights=weights).preference(("cost", "death"), cpu).tolist() == [0.25, 0.75]
