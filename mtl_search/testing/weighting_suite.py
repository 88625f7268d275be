"""The contract of a weighting: subclass ``WeightingSuite`` in a test module; pytest runs every part of it."""

# ruff: noqa: D102 - the names of the tests say what they check

import copy
import math
import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import Tensor

from mtl_search.design import Branching
from mtl_search.model import MlpConfig, Network
from mtl_search.testing.toy_networks import toy_losses, toy_network, toy_rows
from mtl_search.weighting import Weighting, WeightingOptions

__all__ = ["WeightingSuite"]

MEMBERS = ("age", "cost", "death", "stay")
TREE = "age cost death stay / age cost death | stay / age cost | death | stay"


class WeightingSuite(ABC):
    """What is true of every weighting, on a small branched network of four tasks.

    A subclass overrides ``configure``, as a fixture if it has several; its name starts with ``Test``, so
    that pytest finds it.
    """

    @abstractmethod
    def configure(self, members: tuple[str, ...]) -> WeightingOptions:
        """The options under test, for a network of these members."""

    @pytest.mark.parametrize("present", [MEMBERS, MEMBERS[1:], MEMBERS[:1]])
    def test_gradients_are_finite_and_there_are_some(self, present: tuple[str, ...]) -> None:
        network, weighting = _network(), self._weighting()
        weighting.backward(toy_losses(network, toy_rows(MEMBERS), present), network)
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        assert all(gradient.isfinite().all() for gradient in gradients)
        for task in present:
            assert any(_gradient(p).any() for p in network.task_parameters(task))
        assert any(_gradient(p).any() for p in network.last_shared_parameters())

    def test_what_serves_one_task_follows_the_gradient_of_its_loss(self) -> None:
        network, weighting = _network(), self._weighting()
        rows = toy_rows(MEMBERS)
        own = {
            task: _flat(torch.autograd.grad(loss, network.task_parameters(task)))
            for task, loss in toy_losses(network, rows).items()
        }
        weighting.backward(toy_losses(network, rows), network)
        for task in MEMBERS:
            found = _flat([_gradient(p) for p in network.task_parameters(task)])
            factor = (found @ own[task]) / (own[task] @ own[task])
            torch.testing.assert_close(found, factor * own[task])

    def test_a_member_without_labels_gets_no_gradient(self) -> None:
        network, weighting = _network(), self._weighting()
        rows = toy_rows(MEMBERS)
        for present in (("age", "death"), ("stay",)):
            network.zero_grad()
            weighting.backward(toy_losses(network, rows, present), network)
            for task in set(MEMBERS) - set(present):
                assert all(p.grad is None for p in network.task_parameters(task))

    @pytest.mark.parametrize("present", [MEMBERS, MEMBERS[2:], MEMBERS[:1]])
    def test_the_weight_of_each_loss_is_a_finite_number(self, present: tuple[str, ...]) -> None:
        network, weighting = _network(), self._weighting()
        for _ in range(2):
            weights = weighting.backward(toy_losses(network, toy_rows(MEMBERS), present), network)
            for task in present:
                weight = weights[task]
                assert math.isfinite(weight)
                assert not isinstance(weight, Tensor) or (weight.ndim == 0 and not weight.requires_grad)

    def test_a_network_of_one_task_learns(self) -> None:
        first, last = self._train(("cost",), [("cost",)], steps=60)
        assert last["cost"] < 0.7 * first["cost"]

    def test_losses_fall(self) -> None:
        first, last = self._train(MEMBERS, [MEMBERS], steps=60)
        assert sum(last.values()) < 0.7 * sum(first.values())

    def test_losses_fall_where_batches_lack_labels(self) -> None:
        batches = [("age", "stay"), MEMBERS, ("death",), MEMBERS[1:], MEMBERS]
        first, last = self._train(MEMBERS, batches, steps=60)
        assert sum(last.values()) < 0.8 * sum(first.values())

    def test_the_same_seed_gives_the_same_training(self) -> None:
        batches = [MEMBERS, MEMBERS[1:], MEMBERS]
        assert self._train(MEMBERS, batches, steps=6) == self._train(MEMBERS, batches, steps=6)

    def test_random_numbers_come_from_its_generator_alone(self) -> None:
        network, weighting = _network(), self._weighting()
        losses, before = toy_losses(network, toy_rows(MEMBERS)), torch.get_rng_state()
        weighting.backward(losses, network)
        assert torch.equal(torch.get_rng_state(), before)

    def test_gradients_are_added_to_those_that_are_there(self) -> None:
        networks = [_network(), _network()]
        for parameter in networks[1].parameters():
            parameter.grad = torch.ones_like(parameter)
        for network in networks:
            self._weighting().backward(toy_losses(network, toy_rows(MEMBERS)), network)
        for plain, added in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
            torch.testing.assert_close(_gradient(plain) + 1.0, _gradient(added))

    def test_only_gradients_of_the_network_change(self) -> None:
        network, weighting = _network(), self._weighting()
        before = copy.deepcopy(network.state_dict())
        weighting.backward(toy_losses(network, toy_rows(MEMBERS)), network)
        torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)

    def test_losses_of_a_network_in_mixed_precision_do(self) -> None:
        network, weighting = _network(), self._weighting()
        with torch.autocast("cpu", torch.bfloat16):
            losses = toy_losses(network, toy_rows(MEMBERS))
        weighting.backward(losses, network)
        gradients = [_gradient(p) for p in network.parameters()]
        assert all(g.isfinite().all() and g.dtype == torch.float32 for g in gradients)

    def test_options_survive_json_and_pickle(self) -> None:
        config = self.configure(MEMBERS)
        assert type(config).model_validate_json(config.model_dump_json()) == config
        assert type(config).model_validate(config.model_dump(mode="json")) == config
        assert pickle.loads(pickle.dumps(config)) == config

    def _weighting(self, members: tuple[str, ...] = MEMBERS) -> Weighting:
        weighting = self.configure(members).build(members)
        weighting.generator = torch.Generator().manual_seed(1)
        return weighting

    def _train(
        self, members: tuple[str, ...], batches: Sequence[tuple[str, ...]], steps: int
    ) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """The losses before and after ``steps`` steps, ``batches`` naming in turn the members with labels."""
        network, weighting = _network(members), self._weighting(members)
        optimizer = torch.optim.Adam([*network.parameters(), *weighting.parameters()], lr=0.01)
        first = _values(network)
        for step in range(steps):
            _step(network, weighting, optimizer, batches[step % len(batches)], seed=step)
            if step % 10 == 9:
                weighting.after_epoch()
        return first, _values(network)


def _step(
    network: Network,
    weighting: Weighting,
    optimizer: torch.optim.Optimizer,
    present: Sequence[str],
    seed: int,
) -> None:
    rows = toy_rows(network.members, seed=seed % 5)
    optimizer.zero_grad()
    weighting.backward(toy_losses(network, rows, present), network)
    optimizer.step()
    weighting.after_step(lambda: toy_losses(network, rows, present))


def _network(members: tuple[str, ...] = MEMBERS) -> Network:
    torch.manual_seed(0)
    trunk = MlpConfig(stages=3, width=8, activation="silu")
    return toy_network(members, str(Branching.parse(TREE).restrict(members)), trunk)


def _values(network: Network) -> dict[str, float]:
    with torch.no_grad():
        losses = toy_losses(network, toy_rows(network.members, rows=256, seed=9))
    return {task: float(loss) for task, loss in losses.items()}


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def _flat(gradients: Sequence[Tensor]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])
