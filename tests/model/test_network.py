import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mtl_search.data import Inputs, InputShape
from mtl_search.design import Branching
from mtl_search.model import MlpConfig, Network, Trunk
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_losses, toy_rows, toy_tasks

TREE = "age cost death / age | cost death / age | cost | death"


def network_of(text: str, **options: Any) -> Network:
    branching = Branching.parse(text)
    torch.manual_seed(0)
    trunk = MlpConfig(stages=branching.n_stages, width=6, activation="silu", **options)
    return Network(branching, trunk, toy_tasks(branching.members), TOY_SHAPE)


@st.composite
def trees(draw: st.DrawFn) -> str:
    """Any branching of up to four tasks, grown by splitting groups."""
    groups = [[f"t{i}" for i in range(draw(st.integers(1, 4)))]]
    stages = [groups]
    for _ in range(draw(st.integers(0, 3))):
        finer = []
        for group in stages[-1]:
            sides = [draw(st.booleans()) for _ in group]
            parts = [[t for t, side in zip(group, sides, strict=True) if side is s] for s in (False, True)]
            finer += [part for part in parts if part]
        stages.append(finer)
    return " / ".join(" | ".join(" ".join(group) for group in stage) for stage in stages)


@settings(deadline=None, max_examples=40)
@given(trees())
def test_each_output_is_the_chain_of_its_own_nodes(text: str) -> None:
    network = network_of(text)
    branching = network.branching
    inputs = toy_rows(network.members).inputs
    outputs = network(inputs)
    first = [sum(len(branching.nodes(s)) for s in range(stage)) for stage in range(branching.n_stages)]
    for task, head in zip(network.members, network.heads, strict=True):
        hidden = network.encoder(inputs)
        for stage in range(branching.n_stages):
            hidden = network.nodes[first[stage] + branching.node(stage, task)](hidden)
        torch.testing.assert_close(outputs[task], head(hidden))


@settings(deadline=None, max_examples=40)
@given(trees())
def test_parameters_are_shared_exactly_by_those_whose_losses_reach_them(text: str) -> None:
    network = network_of(text)
    served: dict[int, set[str]] = {id(p): set() for p in network.parameters()}
    for task in network.members:
        network.zero_grad()
        torch.autograd.backward(toy_losses(network, toy_rows(network.members))[task])
        for parameter in network.parameters():
            if parameter.grad is not None:
                served[id(parameter)].add(task)
    shared = {key for key, tasks in served.items() if len(tasks) > 1}
    assert {id(p) for p in network.shared_parameters()} == shared
    for task in network.members:
        own = {key for key, tasks in served.items() if tasks == {task}}
        assert {id(p) for p in network.task_parameters(task)} == own
    exclusive = [p for task in network.members for p in network.task_parameters(task)]
    assert len(network.shared_parameters()) + len(exclusive) == len(served)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (TREE, 0),
        ("age cost death / age cost death / age cost | death", 1),
        ("age cost / age cost / age cost", 2),
        ("age / age", 1),
    ],
)
def test_the_last_shared_layer_is_the_deepest_that_all_go_through(text: str, last: int) -> None:
    network = network_of(text)
    expected = list(network.nodes[last].parameters())
    found = network.last_shared_parameters()
    assert [id(p) for p in found] == [id(p) for p in expected]


def test_a_network_of_one_shares_nothing() -> None:
    network = network_of("age / age")
    assert network.shared_parameters() == []
    assert len(network.task_parameters("age")) == len(list(network.parameters()))


class Bare(Trunk):
    """A trunk whose stages have no parameters."""

    name: str = "bare"
    stages: int = 2

    @property
    def width_out(self) -> int:
        return 4

    def build_encoder(self, shape: InputShape) -> nn.Module:
        class Linear(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.linear = nn.Linear(shape.n_numeric, 4)

            def forward(self, inputs: Inputs) -> Tensor:
                return self.linear(inputs["numeric"])

        return Linear()

    def build_stage(self, index: int, shape: InputShape) -> nn.Module:
        return nn.ReLU()


def test_the_encoder_is_the_last_shared_layer_where_stages_have_no_parameters() -> None:
    network = Network(Branching.shared(["age", "cost"], 2), Bare(), toy_tasks(["age", "cost"]), InputShape(3))
    assert [id(p) for p in network.last_shared_parameters()] == [id(p) for p in network.encoder.parameters()]


def test_outputs_are_named_and_as_wide_as_the_heads() -> None:
    outputs = network_of(TREE)(toy_rows(("age", "cost", "death"), rows=7).inputs)
    assert list(outputs) == ["age", "cost", "death"]
    assert {output.shape for output in outputs.values()} == {(7, 1)}


def test_the_order_of_tasks_does_not_matter() -> None:
    branching, trunk = Branching.parse(TREE), MlpConfig(width=6)
    tasks = toy_tasks(branching.members)
    states = []
    for order in (tasks, tasks[::-1]):
        torch.manual_seed(0)
        states.append(Network(branching, trunk, order, TOY_SHAPE).state_dict())
    torch.testing.assert_close(*states, rtol=0, atol=0)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_a_copy_knows_its_own_parameters(copied: Callable[..., Any]) -> None:
    network = copied(network_of(TREE))
    known = {id(p) for p in network.parameters()}
    assert {id(p) for p in network.shared_parameters()} <= known
    assert {id(p) for p in network.task_parameters("death")} <= known
    assert {id(p) for p in network.last_shared_parameters()} <= known


@pytest.mark.parametrize(
    ("tasks", "stages", "message"),
    [
        (["age", "cost"], 3, r"tasks \['age', 'cost', 'death'\] of the branching, found \['age', 'cost'\]"),
        (["age", "cost", "death", "age"], 3, "found .*'age', 'cost', 'death', 'age'"),
        (["age", "cost", "stay"], 3, "found .*'stay'"),
        (["age", "cost", "death"], 2, "a trunk of 3 stages, found one of 2"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tasks: list[str], stages: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network(Branching.parse(TREE), MlpConfig(stages=stages), toy_tasks(tasks), TOY_SHAPE)
