import time
from typing import Any

import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.design import Branching
from mtl_search.errors import Mismatch
from mtl_search.model import (
    HardSharing,
    MlpConfig,
    NetworkCosts,
    NetworkParts,
    ResNetConfig,
    TableConfig,
)
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_cost, toy_network, toy_rows, toy_tasks
from tests.fixtures.parts import Experts, Stepwise, Tokens

MEMBERS = ("age", "cost")
SHARED = "age cost / age cost / age cost"


def test_hand_counted_mlp() -> None:
    """10 numbers, two stages of width 4 split after the first, two heads of one output."""
    trunk = MlpConfig(stages=2, width=4)
    cost = toy_cost(MEMBERS, "age cost / age | cost", trunk, shape=InputShape(10))
    assert cost.n_params == (10 * 4 + 4) + 2 * (4 * 4 + 4) + 2 * (4 + 1)
    assert cost.flops == 2 * (10 * 4 + 2 * 4 * 4 + 2 * 4)


def test_embeddings_have_parameters_and_no_flops() -> None:
    trunk, encoder = MlpConfig(stages=1, width=4), TableConfig(embedding_dim=3)
    without = toy_cost(MEMBERS, "age cost", trunk, encoder, shape=InputShape(6))
    embedded = toy_cost(MEMBERS, "age cost", trunk, encoder, shape=InputShape(0, (5, 7)))
    assert embedded.n_params == without.n_params + (5 + 7) * 3
    assert embedded.flops == without.flops


@pytest.mark.parametrize("trunk", [MlpConfig(width=8), ResNetConfig(width=8, blocks=2)])
@pytest.mark.parametrize("sharing", ["age cost / age cost / age | cost", Experts()])
def test_the_counts_are_those_of_the_real_network(trunk: Any, sharing: Any) -> None:
    network, cost = toy_network(MEMBERS, sharing, trunk), toy_cost(MEMBERS, sharing, trunk)
    assert cost.n_params == sum(p.numel() for p in network.parameters())
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
    assert cost.flops == sum(2 * m.in_features * m.out_features for m in linear)


def test_sequences_are_counted_at_every_step() -> None:
    args = MEMBERS, SHARED, Stepwise(stages=3, width=5), Tokens(width=6)
    cost = toy_cost(*args)
    assert cost.n_params == sum(p.numel() for p in toy_network(*args).parameters())
    assert cost.flops == 2 * len(TOY_SHAPE.cardinalities) * (6 * 5 + 5 * 5 + 5 * 5) + 2 * 2 * 5


def test_parts_that_do_not_fit_are_refused_in_words() -> None:
    with pytest.raises(Mismatch, match="a vector for an mlp, found a sequence of 2 steps of width 6"):
        toy_cost(MEMBERS, SHARED, MlpConfig(), Tokens())
    with pytest.raises(Mismatch, match="categorical columns for tokens, found none"):
        toy_cost(MEMBERS, SHARED, MlpConfig(), Tokens(), shape=InputShape(3))


def test_counting_draws_no_random_numbers_and_allocates_nothing() -> None:
    state = torch.get_rng_state()
    cost = toy_cost(MEMBERS, SHARED, MlpConfig(width=100_000))
    assert cost.n_params > 2e10  # 80 GB, were they real
    assert cost.flops > 4e10
    assert torch.equal(torch.get_rng_state(), state)


def test_counting_takes_milliseconds() -> None:
    members = tuple(f"t{i}" for i in range(9))
    args = members, str(Branching.split(members, 3, 1)), MlpConfig(width=64)
    toy_cost(*args)
    times = []
    for _ in range(10):
        start = time.process_time()
        toy_cost(*args)
        times.append(time.process_time() - start)
    assert min(times) < 0.05


def test_a_network_can_be_counted_and_then_built() -> None:
    args = MEMBERS, SHARED, MlpConfig(width=4)
    toy_cost(*args)
    network = toy_network(*args)
    assert {p.device.type for p in network.parameters()} == {"cpu"}
    assert network(toy_rows(MEMBERS).inputs)["age"].device.type == "cpu"


def parts(branching: Branching, trunk: Any) -> NetworkParts:
    return NetworkParts(branching.members, HardSharing(branching=branching), trunk)


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
        network = toy_network(branching.members, str(branching), trunk)
        assert cost.n_params == sum(p.numel() for p in network.parameters())


def test_parts_are_counted_once_whatever_the_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build_stage = MlpConfig.build_stage

    def counted(self: MlpConfig, index: int, spec: Any) -> Any:
        built.append(index)
        return build_stage(self, index, spec)

    monkeypatch.setattr(MlpConfig, "build_stage", counted)
    costs = remembered()
    for dropout in (0.0, 0.1, 0.2):
        for at in (1, 2, 3):
            costs.of(parts(Branching.split(MEMBERS, 3, at), MlpConfig(width=8, dropout=dropout)))
    assert built == [0, 1, 2]
