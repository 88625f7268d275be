from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mtl_search.data import InputShape
from mtl_search.design import Branching
from mtl_search.features import FeatureSpec
from mtl_search.model import HardSharing, MlpConfig, Network, TableConfig, Trunk
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_losses, toy_network, toy_rows, toy_tasks

TREE = "age cost death / age | cost death / age | cost | death"


def network_of(text: str) -> Network:
    branching = Branching.parse(text)
    trunk = MlpConfig(stages=branching.n_stages, width=6, activation="silu")
    return toy_network(branching.members, text, trunk)


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
    inputs = toy_rows(network.members).inputs
    outputs = network(inputs)
    for task, head in zip(network.members, network.heads, strict=True):
        hidden = network.encoder(inputs)
        for members, node in network.body.parts():
            hidden = node(hidden) if task in members else hidden
        torch.testing.assert_close(outputs[task], head(hidden))


@settings(deadline=None, max_examples=40)
@given(trees())
def test_parameters_are_shared_exactly_by_those_whose_losses_reach_them(text: str) -> None:
    network = network_of(text)
    served: dict[int, set[str]] = {id(p): set() for p in network.parameters()}
    for task in network.members:
        network.zero_grad()
        toy_losses(network, toy_rows(network.members))[task].backward()
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
def test_the_last_shared_layer_is_the_deepest_that_all_go_through(text: Any, last: Any) -> None:
    network = network_of(text)
    expected = list(network.body.nodes[last].parameters())
    found = network.last_shared_parameters()
    assert [id(p) for p in found] == [id(p) for p in expected]


class Bare(Trunk):
    """A trunk whose stages have no parameters."""

    stages: int = 2

    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        return spec

    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        return nn.ReLU()


def test_the_encoder_is_the_last_shared_layer_if_stages_have_no_parameters() -> None:
    network = toy_network(["age", "cost"], "age cost / age cost", Bare())
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
        generator = torch.Generator().manual_seed(0)
        sharing = HardSharing(branching=branching)
        network = Network(sharing, TableConfig(), trunk, order, TOY_SHAPE, generator=generator)
        states.append(network.state_dict())
    torch.testing.assert_close(*states, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("tasks", "stages", "message"),
    [
        (["age", "cost"], 3, r"of the members \('age', 'cost'\), found \('age', 'cost', 'death'\)"),
        (["age", "cost", "death", "age"], 3, "each task once, found .*'age', 'cost', 'death', 'age'"),
        (["age", "cost", "stay"], 3, "of the members .*'stay'"),
        (["age", "cost", "death"], 2, "a branching of 2 stages, as the trunk has, found 3"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tasks: Any, stages: Any, message: Any) -> None:
    with pytest.raises(ValueError, match=message):
        toy_network(tasks, TREE, MlpConfig(stages=stages))


def test_the_generator_gives_the_numbers_of_the_global_one_and_goes_on() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(4, 6)
    generator = torch.Generator().manual_seed(0)
    before = torch.get_rng_state()
    network = Network(
        HardSharing.model_validate("age"),
        TableConfig(),
        MlpConfig(stages=1, width=6),
        toy_tasks(["age"]),
        InputShape(4),
        generator=generator,
    )
    assert torch.equal(network.body.nodes[0][0].weight, linear.weight)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(generator.get_state(), torch.Generator().manual_seed(0).get_state())
