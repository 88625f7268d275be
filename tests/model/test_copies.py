"""Copies of a row: what they share, and what each has for itself."""

from typing import Any

import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.errors import Mismatch
from mtl_search.generators import drawing_from
from mtl_search.model import HardSharing, MlpConfig, TableConfig, rows_at_once
from mtl_search.model.copies import Copies, SeparateHeads, heads_of
from mtl_search.testing.toy_networks import (
    TOY_SHAPE,
    toy_cost,
    toy_losses,
    toy_network,
    toy_rows,
    toy_tasks,
)
from tests.fixtures.parts import Experts, Tokens

MEMBERS = ("age", "cost")
TREE = "age cost / age | cost"
TRUNK = MlpConfig(stages=2, width=6)


def test_one_copy_is_the_plain_network_bit_by_bit() -> None:
    """Its parts built by hand, in the order that they draw from the generator."""
    network = toy_network(MEMBERS, TREE, TRUNK, seed=4)
    with drawing_from(torch.Generator().manual_seed(4)):
        encoder = TableConfig().build(TOY_SHAPE)
        body = HardSharing.model_validate(TREE).build(TRUNK, TableConfig().features(TOY_SHAPE), MEMBERS)
        heads = [task.head(body.spec) for task in toy_tasks(MEMBERS)]
    values = [value for part in (encoder, body, *heads) for value in part.state_dict().values()]
    assert list(map(torch.Tensor.tolist, network.state_dict().values())) == [v.tolist() for v in values]
    inputs = toy_rows(MEMBERS).inputs
    features = body(encoder(inputs))
    for outputs in (network(inputs), network.copies_of(inputs)):
        for name, head in zip(MEMBERS, heads, strict=True):
            assert torch.equal(outputs[name], head(features[name]))


def test_each_copy_is_a_network_of_its_own() -> None:
    """The same body behind the row times its factors, and a head that no other copy has."""
    network, rows = toy_network(MEMBERS, TREE, TRUNK, copies=3), toy_rows(MEMBERS, 5)
    copies = {name: of.view(3, 5, 1) for name, of in network.copies_of(rows.inputs).items()}
    for at in range(3):
        features = network.body(network.encoder(rows.inputs) * network.scaling.factors_CF[at])
        for name, heads in zip(MEMBERS, network.heads, strict=True):
            expected = features[name] @ heads.weights_CFK[at] + heads.biases_C1K[at]
            torch.testing.assert_close(copies[name][at], expected)
    combined = network(rows.inputs)
    torch.testing.assert_close(combined["age"], copies["age"].mean(0))


def test_outputs_are_those_of_the_authors() -> None:
    tabm = pytest.importorskip("tabm")
    theirs = tabm.TabM(
        n_num_features=4,
        d_out=1,
        k=3,
        n_blocks=2,
        d_block=6,
        dropout=0.0,
        arch_type="tabm-mini",
        start_scaling_init="normal",
    )
    shape = InputShape(4)
    ours: Any = toy_network(["age"], "age / age", TRUNK, shape=shape, copies=3)
    with torch.no_grad():
        ours.scaling.factors_CF.copy_(theirs.backbone.affine.weight)
        for node, block in zip(ours.body.nodes, theirs.backbone.blocks, strict=True):
            node[0].load_state_dict(block[0].state_dict())
        ours.heads[0].weights_CFK.copy_(theirs.output.weight)
        ours.heads[0].biases_C1K.copy_(theirs.output.bias[:, None])
    inputs = toy_rows(["age"], 7, shape=shape).inputs
    expected_BCK = theirs(inputs["numeric"])
    found_BCK = ours.copies_of(inputs)["age"].view(3, 7, 1).transpose(0, 1)
    torch.testing.assert_close(found_BCK, expected_BCK, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours(inputs)["age"], expected_BCK.mean(1), rtol=1e-5, atol=1e-6)


def test_the_factors_start_as_signs_one_for_each_column() -> None:
    with drawing_from(torch.Generator().manual_seed(0)):
        factors_CF = Copies(50, (1, 3, 2)).factors_CF.detach()
    assert set(factors_CF.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(factors_CF[:, 1:2].expand(-1, 3), factors_CF[:, 1:4])
    assert torch.equal(factors_CF[:, 4], factors_CF[:, 5])
    assert len(factors_CF.unique(dim=0)) == 8


@pytest.mark.parametrize("sharing", [TREE, Experts()])
def test_the_losses_reach_what_is_said_to_be_shared(sharing: Any) -> None:
    network = toy_network(MEMBERS, sharing, TRUNK, copies=3)
    served = {}
    for name in MEMBERS:
        network.zero_grad()
        toy_losses(network, toy_rows(MEMBERS))[name].backward()
        served[name] = {id(p) for p in network.parameters() if p.grad is not None and p.grad.any()}
    assert {id(p) for p in network.shared_parameters()} == served["age"] & served["cost"]
    assert {id(p) for p in network.task_parameters("age")} == served["age"] - served["cost"]
    assert id(network.scaling.factors_CF) in served["age"] & served["cost"]


@pytest.mark.parametrize("sharing", [TREE, Experts()])
def test_the_cost_is_that_of_the_body_for_each_copy(sharing: Any) -> None:
    network = toy_network(MEMBERS, sharing, TRUNK, copies=3)
    plain, cost = (toy_cost(MEMBERS, sharing, TRUNK, copies=copies) for copies in (1, 3))
    assert cost.n_params == sum(p.numel() for p in network.parameters())
    assert cost.flops == 3 * plain.flops


def test_features_that_are_no_vector_are_refused_in_words() -> None:
    with pytest.raises(Mismatch, match="a vector for copies, found a sequence of 2 steps of width 6"):
        toy_cost(MEMBERS, "age cost", MlpConfig(stages=0), Tokens(), copies=2)


@pytest.mark.parametrize("members", [("age",), ("cost", "death")])
def test_heads_that_are_computed_together_are_those_that_are_alone(members: tuple[str, ...]) -> None:
    names = ("age", "cost", "death")
    network, inputs = (
        toy_network(names, "age cost death", MlpConfig(stages=1), copies=3),
        toy_rows(names).inputs,
    )
    features = network.body(network.scaling(network.encoder(inputs)))
    together = network.copies_of(inputs, members)
    assert tuple(together) == members
    for name, head in zip(names, network.heads, strict=True):
        if name in members:
            torch.testing.assert_close(together[name], head(features[name]))


def test_heads_that_are_not_linear_stay_apart() -> None:
    build = lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 2))  # noqa: E731
    heads, features = heads_of(build, 3), torch.randn(12, 2, 3)
    assert isinstance(heads, SeparateHeads)
    for at, head in enumerate(heads.heads):
        part = slice(4 * at, 4 * at + 4)
        torch.testing.assert_close(heads(features)[part], head(features[part]))


def test_as_many_rows_at_once_as_the_copies_leave_room_for() -> None:
    networks = [toy_network(MEMBERS, TREE, TRUNK, copies=copies) for copies in (1, 3)]
    assert [rows_at_once(network, 100) for network in networks] == [100, 33]
    assert rows_at_once(networks[1], 2) == 1


def test_no_row_gives_no_output() -> None:
    network = toy_network(MEMBERS, TREE, TRUNK, copies=3, shape=InputShape(4))
    outputs = network(InputShape(4).example(0, "cpu"))
    assert {name: of.shape for name, of in outputs.items()} == dict.fromkeys(MEMBERS, (0, 1))


@pytest.mark.parametrize("stages", [0, 1])
def test_a_program_of_them_takes_any_number_of_rows(stages: int) -> None:
    """Whether the heads read what a stage made, or the copies as they are."""
    network = toy_network(MEMBERS, "age cost", MlpConfig(stages=stages, width=6), copies=3).eval()
    program = torch.export.export(
        network,
        (toy_rows(MEMBERS, 5).inputs,),
        dynamic_shapes=({kind: {0: torch.export.Dim("rows")} for kind in ("numeric", "categorical")},),
    )
    inputs = toy_rows(MEMBERS, 11).inputs
    for name, found in program.module()(inputs).items():
        torch.testing.assert_close(found, network(inputs)[name])
