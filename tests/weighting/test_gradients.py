import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchjd.autojac import jac

from mtl_search.model import MlpConfig, Network
from mtl_search.testing.toy_networks import LinearNetwork, toy_losses, toy_network, toy_rows
from mtl_search.weighting.gradients import add_gradient, backward_scalarized, differentiate, stack

MEMBERS = ("age", "cost", "death")
TREES = [
    "age cost death / age cost death",
    "age cost death / age cost | death",
    "age cost death / age | cost | death",
]


def network_of(tree: str) -> Network:
    return toy_network(MEMBERS, tree, MlpConfig(stages=2, width=5, activation="silu"))


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("present", [MEMBERS, ("age", "death"), ("cost",)])
def test_the_jacobian_is_torchjds(tree: str, present: tuple[str, ...]) -> None:
    network = network_of(tree)
    found_TP = differentiate(toy_losses(network, toy_rows(MEMBERS), present), network)
    losses = list(toy_losses(network, toy_rows(MEMBERS), present).values())
    expected_TP = torch.cat([part.flatten(1) for part in jac(losses, network.shared_parameters())], dim=1)
    torch.testing.assert_close(found_TP, expected_TP)


@pytest.mark.parametrize("tree", TREES)
def test_each_task_gets_its_own_gradient_on_the_way(tree: str) -> None:
    plain, network = network_of(tree), network_of(tree)
    torch.autograd.backward(list(toy_losses(plain, toy_rows(MEMBERS)).values()))
    differentiate(toy_losses(network, toy_rows(MEMBERS)), network)
    for task in MEMBERS:
        for a, b in zip(plain.task_parameters(task), network.task_parameters(task), strict=True):
            torch.testing.assert_close(a.grad, b.grad)
    assert all(p.grad is None for p in network.shared_parameters())


def test_a_task_that_does_not_use_a_shared_parameter_has_zeros_there() -> None:
    network = network_of("age cost death / age cost | death")
    jacobian_TP = differentiate(toy_losses(network, toy_rows(MEMBERS)), network)
    n_all = sum(p.numel() for p in [*network.encoder.parameters(), *network.body.nodes[0].parameters()])
    assert jacobian_TP[:2, n_all:].any(dim=1).all()
    assert not jacobian_TP[2, n_all:].any()


def test_a_gradient_is_cut_into_the_parameters_and_added() -> None:
    parameters = [nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(1))]
    parameters[0].grad = torch.full((2, 2), 10.0)
    add_gradient(parameters, torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert parameters[0].grad.tolist() == [[11.0, 12.0], [13.0, 14.0]]
    assert parameters[1].grad.tolist() == [5.0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.1, 10.0), min_size=3, max_size=3), st.floats(-2.0, 2.0))
def test_two_steps_of_the_chain_rule_are_one(values: list[float], power: float) -> None:
    rows = {"age": [1.0, -2.0], "cost": [0.5, 1.0], "death": [3.0, 0.0]}
    named = dict(zip(rows, values, strict=True))

    def scalarize(losses_T: torch.Tensor) -> torch.Tensor:
        return (losses_T**power).sum() + losses_T.prod()

    two, one = LinearNetwork(rows), LinearNetwork(rows)
    weights = backward_scalarized(scalarize, two.losses(**named))
    scalarize(torch.stack(list(one.losses(**named).values()))).backward()
    torch.testing.assert_close(two.shared.grad, one.shared.grad)
    for task, weight in weights.items():
        torch.testing.assert_close(weight, one.own[task].grad.squeeze())


def test_stacked_losses_are_cut_off_the_graph() -> None:
    losses = LinearNetwork({"age": [1.0], "cost": [1.0]}).losses(age=2.0, cost=3.0)
    assert stack(losses).tolist() == [2.0, 3.0]
    assert not stack(losses).requires_grad
