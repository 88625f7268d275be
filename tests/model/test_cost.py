import time

import pytest
import torch
from torch import nn

from mtl_search.data import InputShape
from mtl_search.design import Branching
from mtl_search.model import (
    HardSharing,
    MlpConfig,
    Network,
    NetworkCosts,
    NetworkParts,
    ResNetConfig,
    Trunk,
    count_flops,
    count_parameters,
)
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_rows, toy_tasks

MEMBERS = ("age", "cost")


def test_hand_counted_mlp() -> None:
    """10 numbers, two stages of width 4 split after the first, two heads of one output."""
    args = Branching.split(MEMBERS, 2, 1), MlpConfig(stages=2, width=4), toy_tasks(MEMBERS), InputShape(10)
    assert count_parameters(*args) == (10 * 4 + 4) + 2 * (4 * 4 + 4) + 2 * (4 + 1)
    assert count_flops(*args) == 2 * (10 * 4 + 2 * 4 * 4 + 2 * 4)


def test_embeddings_have_parameters_and_no_flops() -> None:
    trunk = MlpConfig(stages=1, width=4, embedding_dim=3)
    plain, embedded = (InputShape(6), InputShape(0, (5, 7)))
    branching, tasks = Branching.shared(MEMBERS, 1), toy_tasks(MEMBERS)
    without = count_parameters(branching, trunk, tasks, plain)
    assert count_parameters(branching, trunk, tasks, embedded) == without + (5 + 7) * 3
    assert count_flops(branching, trunk, tasks, embedded) == count_flops(branching, trunk, tasks, plain)


@pytest.mark.parametrize("trunk", [MlpConfig(width=8), ResNetConfig(width=8, blocks=2)])
def test_the_counts_are_those_of_the_real_network(trunk: MlpConfig | ResNetConfig) -> None:
    args = Branching.split(MEMBERS, 3, 2), trunk, toy_tasks(MEMBERS), TOY_SHAPE
    network = Network(*args)
    assert count_parameters(*args) == sum(p.numel() for p in network.parameters())
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
    assert count_flops(*args) == sum(2 * m.in_features * m.out_features for m in linear)


def test_counting_draws_no_random_numbers_and_allocates_nothing() -> None:
    args = Branching.shared(MEMBERS, 3), MlpConfig(width=100_000), toy_tasks(MEMBERS), TOY_SHAPE
    state = torch.get_rng_state()
    assert count_parameters(*args) > 2e10  # 80 GB, were they real
    assert count_flops(*args) > 4e10
    assert torch.equal(torch.get_rng_state(), state)


def test_counting_takes_milliseconds() -> None:
    members = tuple(f"t{i}" for i in range(9))
    args = Branching.split(members, 3, 1), MlpConfig(width=64), toy_tasks(members), TOY_SHAPE
    count_flops(*args)
    times = []
    for _ in range(10):
        start = time.process_time()
        count_parameters(*args)
        count_flops(*args)
        times.append(time.process_time() - start)
    assert min(times) < 0.1


def test_a_network_can_be_counted_and_then_built() -> None:
    args = Branching.shared(MEMBERS, 3), MlpConfig(width=4), toy_tasks(MEMBERS), TOY_SHAPE
    count_flops(*args)
    assert {p.device.type for p in Network(*args).parameters()} == {"cpu"}
    assert Network(*args)(toy_rows(MEMBERS).inputs)["age"].device.type == "cpu"


def parts(branching: Branching, trunk: Trunk) -> NetworkParts:
    return NetworkParts(HardSharing(branching=branching), trunk)


def remembered() -> NetworkCosts:
    return NetworkCosts({task.name: task for task in toy_tasks(MEMBERS)}, TOY_SHAPE)


def test_costs_are_remembered_and_the_same_in_any_order() -> None:
    networks = [
        (branching, trunk)
        for branching in (
            *(Branching.split(MEMBERS, 3, at) for at in (1, 2, 3)),
            Branching.shared(["age"], 3),
        )
        for trunk in (MlpConfig(width=8), MlpConfig(width=8, dropout=0.3), MlpConfig(width=9), ResNetConfig())
    ]
    first, second = remembered(), remembered()
    forward = {network: first.of(parts(*network)) for network in networks}
    backward = {network: second.of(parts(*network)) for network in reversed(networks)}
    assert forward == backward
    for (branching, trunk), cost in forward.items():
        network = Network(branching, trunk, toy_tasks(branching.members), TOY_SHAPE)
        assert cost.n_params == sum(p.numel() for p in network.parameters())


def test_parts_are_counted_once_whatever_the_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build_stage = MlpConfig.build_stage

    def counted(self: MlpConfig, index: int, shape: InputShape) -> nn.Module:
        built.append(index)
        return build_stage(self, index, shape)

    monkeypatch.setattr(MlpConfig, "build_stage", counted)
    costs = remembered()
    for dropout in (0.0, 0.1, 0.2):
        for at in (1, 2, 3):
            costs.of(parts(Branching.split(MEMBERS, 3, at), MlpConfig(width=8, dropout=dropout)))
    assert built == [0, 1, 2]
