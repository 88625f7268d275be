"""The contract of a way of sharing: subclass ``SharingSuite`` in a test module, and pytest runs all of it."""

# ruff: noqa: D102 - the names of the tests say what they check

import copy
import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable

import pytest
import torch
from pydantic import TypeAdapter

from mtl_search.features import example
from mtl_search.model import Encoder, MlpConfig, Network, Sharing, SharingConfig, TableConfig, Trunk
from mtl_search.testing.toy_features import form_of
from mtl_search.testing.toy_networks import (
    TOY_SHAPE,
    toy_cost,
    toy_losses,
    toy_network,
    toy_rows,
)

__all__ = ["SharingSuite"]

MEMBERS = ("age", "cost", "death")


class SharingSuite(ABC):
    """What is true of every way of sharing.

    A subclass says which, as a fixture if it has several; its name starts with ``Test``, so that pytest
    finds it.
    """

    @abstractmethod
    def sharing(self, members: tuple[str, ...]) -> Sharing:
        """The way under test, for a network of these members and of three stages."""

    def trunk(self) -> Trunk:
        """What is shared."""
        return MlpConfig(stages=3, width=6, activation="silu")

    def encoder(self) -> Encoder:
        """What the trunk reads."""
        return TableConfig()

    def network(self, members: tuple[str, ...] = MEMBERS) -> Network:
        """A small network of these members."""
        return toy_network(members, self.sharing(members), self.trunk(), self.encoder())

    @pytest.mark.parametrize("members", [MEMBERS, MEMBERS[:1]])
    def test_each_member_gets_the_features_it_says(self, members: tuple[str, ...]) -> None:
        spec = self.encoder().features(TOY_SHAPE)
        body = self.sharing(members).build(self.trunk(), spec, members)
        features = body(example(spec, 4, "cpu"))
        assert tuple(features) == members
        assert {form_of(made) for made in features.values()} == {form_of(example(body.spec, 4))}

    def test_parameters_are_shared_exactly_by_those_whose_losses_reach_them(self) -> None:
        network = self.network()
        served: dict[int, set[str]] = {id(p): set() for p in network.parameters()}
        for task in MEMBERS:
            network.zero_grad()
            torch.autograd.backward(toy_losses(network, toy_rows(MEMBERS))[task])
            for parameter in network.parameters():
                if parameter.grad is not None and parameter.grad.any():
                    served[id(parameter)].add(task)
        assert {id(p) for p in network.shared_parameters()} == {
            key for key, tasks in served.items() if len(tasks) > 1
        }
        for task in MEMBERS:
            own = {key for key, tasks in served.items() if tasks == {task}}
            assert {id(p) for p in network.task_parameters(task)} == own
        last = network.last_shared_parameters()
        assert last
        assert all(served[id(p)] == set(MEMBERS) for p in last)

    def test_a_network_of_one_shares_nothing(self) -> None:
        network = self.network(("cost",))
        assert network.shared_parameters() == []
        assert len(network.task_parameters("cost")) == len(list(network.parameters()))

    def test_the_generator_decides_the_initial_values(self) -> None:
        states = [self.network().state_dict() for _ in range(2)]
        torch.testing.assert_close(*states, rtol=0, atol=0)

    def test_the_counts_are_those_of_the_real_network(self) -> None:
        cost = toy_cost(MEMBERS, self.sharing(MEMBERS), self.trunk(), self.encoder())
        assert cost.n_params == sum(p.numel() for p in self.network().parameters())
        assert cost.flops > 0

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
    def test_a_copy_knows_its_own_parameters(self, copied: Callable[[Network], Network]) -> None:
        network = copied(self.network())
        known = {id(p) for p in network.parameters()}
        assert {id(p) for p in network.shared_parameters()} <= known
        assert {id(p) for p in network.task_parameters("death")} <= known
        assert {id(p) for p in network.last_shared_parameters()} <= known

    def test_each_level_of_gates_weighs_its_experts_row_by_row(self) -> None:
        network, rows = self.network().eval(), toy_rows(MEMBERS)
        gates = network.gates(rows.inputs)
        for gate in gates:
            assert tuple(gate.weights_BE.shape) == (len(rows), len(gate.experts))
            assert len(set(gate.experts)) == len(gate.experts)
            assert torch.isfinite(gate.weights_BE).all()
            assert not gate.weights_BE.requires_grad
        levels = {gate.level for gate in gates}
        assert levels == set(range(len(levels)))
        assert [(gate.level, gate.member) for gate in gates] == [(n, m) for n in levels for m in MEMBERS]

    def test_losses_fall(self) -> None:
        network, rows = self.network(), toy_rows(MEMBERS)
        optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        totals = []
        for _ in range(60):
            total = torch.stack(list(toy_losses(network, rows).values())).sum()
            totals.append(float(total.detach()))
            optimizer.zero_grad()
            torch.autograd.backward(total)
            optimizer.step()
        assert totals[-1] < 0.7 * totals[0]

    def test_it_is_written_and_read_again(self) -> None:
        sharing, adapter = self.sharing(MEMBERS), TypeAdapter[Sharing](SharingConfig)
        again = adapter.validate_json(adapter.dump_json(sharing))
        assert again == sharing == pickle.loads(pickle.dumps(sharing))
        assert str(again) == str(sharing)
        assert "\n" not in str(sharing)

    def test_the_drawing_has_every_member(self) -> None:
        drawn = self.sharing(MEMBERS).draw(MEMBERS)
        assert all(name in drawn for name in MEMBERS)
