import math

import pytest
import torch

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import ImtlLConfig, UncertaintyConfig

ROWS = {"age": [1.0, 0.0], "cost": [0.0, 1.0]}
MEMBERS = ("age", "cost")


@pytest.mark.parametrize(
    ("config", "learned", "weight", "slope"),
    [
        # L exp(-s) / 2 + s / 2 at s = log 2
        (UncertaintyConfig(), math.log(2), 0.25, -0.25 * 6.0 + 0.5),
        # L exp(s) - s at s = log 2
        (ImtlLConfig(), math.log(2), 2.0, 2.0 * 6.0 - 1.0),
        (UncertaintyConfig(), 0.0, 0.5, -0.5 * 6.0 + 0.5),
        (ImtlLConfig(), 0.0, 1.0, 1.0 * 6.0 - 1.0),
    ],
)
def test_weights_and_slopes_worked_out_by_hand(
    config: ImtlLConfig | UncertaintyConfig, learned: float, weight: float, slope: float
) -> None:
    network, weighting = LinearNetwork(ROWS), config.build(MEMBERS)
    with torch.no_grad():
        for parameter in weighting.parameters():
            parameter.fill_(learned)
    weights = weighting.backward(network.losses(age=6.0, cost=1.0), network)
    assert float(weights["age"]) == pytest.approx(weight)
    assert network.gradient() == pytest.approx([weight, weight])
    assert next(weighting.parameters()).grad.item() == pytest.approx(slope)


@pytest.mark.parametrize("config", [UncertaintyConfig(), ImtlLConfig()])
def test_a_large_loss_comes_to_weigh_less(config: ImtlLConfig | UncertaintyConfig) -> None:
    network, weighting = LinearNetwork(ROWS), config.build(MEMBERS)
    optimizer = torch.optim.Adam(weighting.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        weights = weighting.backward(network.losses(age=10.0, cost=0.2), network)
        optimizer.step()
    assert float(weights["age"]) < 0.3 < float(weights["cost"])


@pytest.mark.parametrize("config", [UncertaintyConfig(), ImtlLConfig()])
def test_an_absent_member_keeps_its_value_whatever_the_optimisers_momentum(
    config: ImtlLConfig | UncertaintyConfig,
) -> None:
    network, weighting = LinearNetwork(ROWS), config.build(MEMBERS)
    optimizer = torch.optim.Adam(weighting.parameters(), lr=0.1)
    for step in range(6):
        optimizer.zero_grad()
        losses = {"age": 5.0, "cost": 5.0} if step < 3 else {"age": 5.0}
        before = [float(p.detach()) for p in weighting.parameters()]
        weighting.backward(network.losses(**losses), network)
        optimizer.step()
        moved = [a != float(b.detach()) for a, b in zip(before, weighting.parameters(), strict=True)]
        assert moved == [True, step < 3]


def test_the_parameters_stay_the_same_objects_when_moved() -> None:
    weighting = UncertaintyConfig().build(MEMBERS)
    before = list(weighting.parameters())
    weighting.to("cpu")
    assert all(a is b for a, b in zip(before, weighting.parameters(), strict=True))
    assert all(isinstance(p, torch.nn.Parameter) and p.requires_grad for p in before)
