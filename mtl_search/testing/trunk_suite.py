"""The contract of a trunk: subclass ``TrunkSuite`` in a test module, and pytest runs every part of it."""

# ruff: noqa: D102 - the names of the tests say what they check

import pickle
from abc import ABC, abstractmethod
from collections import Counter
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from mtl_search.data import InputShape
from mtl_search.design import Branching
from mtl_search.features import example
from mtl_search.model import Encoder, Network, TableConfig, Trunk
from mtl_search.testing.toy_features import form_of
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_cost, toy_losses, toy_network, toy_rows

__all__ = ["TrunkSuite"]

MEMBERS = ("age", "cost", "death")


class TrunkSuite(ABC):
    """What is true of every trunk.

    A subclass says which trunk, as a fixture if it has several, and what encodes for it; its name starts
    with ``Test``, so that pytest finds it.
    """

    @abstractmethod
    def trunk(self) -> Trunk:
        """The trunk under test, of two stages or more."""

    def encoder(self) -> Encoder:
        """An encoder of features that the trunk reads."""
        return TableConfig()

    def shape(self) -> InputShape:
        """Inputs that the encoder reads."""
        return TOY_SHAPE

    @pytest.mark.parametrize("rows", [1, 5])
    def test_each_stage_makes_the_features_it_says(self, rows: int) -> None:
        trunk = self.trunk()
        specs = trunk.specs(self.encoder().features(self.shape()))
        for index, (read, made) in enumerate(pairwise(specs)):
            stage = trunk.build_stage(index, read)
            assert form_of(stage(example(read, rows, "cpu"))) == form_of(example(made, rows))

    def test_every_part_is_new(self) -> None:
        specs = self.trunk().specs(self.encoder().features(self.shape()))
        first, second = (self.trunk().build_stage(1, specs[1]) for _ in range(2))
        assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}

    def test_a_stage_can_learn(self) -> None:
        trunk = self.trunk()
        specs = trunk.specs(self.encoder().features(self.shape()))
        for index in range(trunk.stages):
            assert any(p.requires_grad for p in trunk.build_stage(index, specs[index]).parameters())

    def test_the_gradient_of_a_task_reaches_encoder_and_every_stage_on_its_path(self) -> None:
        network = self._network(self._tree())
        for task in MEMBERS:
            network.zero_grad()
            torch.autograd.backward(toy_losses(network, toy_rows(MEMBERS, shape=self.shape()))[task])
            reached = [*network.encoder.parameters(), *_path(network, task)]
            assert all(p.grad is not None and p.grad.any() for p in reached)

    def test_the_generator_decides_the_initial_values(self) -> None:
        states = [
            torch.cat([p.flatten() for p in self._network(self._shared(), seed).parameters()])
            for seed in (0, 0, 1)
        ]
        assert torch.equal(states[0], states[1])
        assert not torch.equal(states[0], states[2])

    def test_nothing_is_drawn_but_from_the_generator(self) -> None:
        before = torch.get_rng_state()
        network = self._network(self._shared()).train()
        outputs = []
        for _ in range(2):
            network.use_generator(torch.Generator().manual_seed(3))
            outputs.append(network(toy_rows(MEMBERS, shape=self.shape()).inputs)["cost"])
        assert torch.equal(*outputs)
        assert torch.equal(torch.get_rng_state(), before)

    def test_evaluation_is_the_same_every_time_and_for_every_batch(self) -> None:
        network = self._network(self._shared()).eval()
        rows = toy_rows(MEMBERS, shape=self.shape())
        first, again = network(rows.inputs)["cost"], network(rows.inputs)["cost"]
        alone = network(rows.take(torch.tensor([7])).inputs)["cost"]
        torch.testing.assert_close(first, again, rtol=0, atol=0)
        torch.testing.assert_close(first[7:8], alone)

    def test_sharing_all_stages_is_the_plain_chain(self) -> None:
        network = self._network(self._shared()).eval()
        inputs = toy_rows(MEMBERS, shape=self.shape()).inputs
        features = nn.Sequential(network.encoder, *_nodes(network))(inputs)
        outputs = network(inputs)
        for head, task in zip(network.heads, MEMBERS, strict=True):
            torch.testing.assert_close(outputs[task], head(features), rtol=0, atol=0)

    def test_members_do_not_influence_each_other_after_their_cut(self) -> None:
        network = self._network(self._tree()).eval()
        inputs = toy_rows(MEMBERS, shape=self.shape()).inputs
        for task in MEMBERS:
            before = network(inputs)
            with torch.no_grad():
                for parameter in network.task_parameters(task):
                    parameter.add_(0.5)
            after = network(inputs)
            for other in MEMBERS:
                assert torch.equal(before[other], after[other]) == (other != task)

    def test_every_node_is_visited_once(self) -> None:
        network = self._network(self._tree())
        visits: Counter[int] = Counter()
        for index, node in enumerate(_nodes(network)):
            node.register_forward_hook(lambda *_, index=index: visits.update([index]))
        network(toy_rows(MEMBERS, shape=self.shape()).inputs)
        assert visits == Counter(range(Branching.parse(self._tree()).n_nodes))

    def test_parameters_and_flops_add_up_over_the_nodes(self) -> None:
        tree, encoder = self._tree(), self.encoder()
        n_params = sum(p.numel() for p in self._network(tree).parameters())
        branched = toy_cost(MEMBERS, tree, self.trunk(), encoder, shape=self.shape())
        assert branched.n_params == n_params
        shared = toy_cost(MEMBERS, self._shared(), self.trunk(), encoder, shape=self.shape())
        restricted = {task: str(Branching.parse(tree).restrict([task])) for task in MEMBERS}
        alone = [
            toy_cost([task], text, self.trunk(), encoder, shape=self.shape()).flops
            for task, text in restricted.items()
        ]
        assert 0 < shared.flops < branched.flops < sum(alone)

    def test_mixed_precision_gives_finite_gradients(self) -> None:
        network = self._network(self._shared())
        with torch.autocast("cpu", torch.bfloat16):
            losses = toy_losses(network, toy_rows(MEMBERS, shape=self.shape()))
        torch.autograd.backward(list(losses.values()))
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())

    def test_the_options_survive_json_and_pickle(self) -> None:
        trunk = self.trunk()
        assert type(trunk).model_validate_json(trunk.model_dump_json()) == trunk
        assert pickle.loads(pickle.dumps(trunk)) == trunk

    def _network(self, tree: str, seed: int = 0) -> Network:
        return toy_network(MEMBERS, tree, self.trunk(), self.encoder(), shape=self.shape(), seed=seed)

    def _shared(self) -> str:
        return str(Branching.shared(MEMBERS, self.trunk().stages))

    def _tree(self) -> str:
        """Stage 1 shared by two members, all apart from the last stage on."""
        between = ["age cost | death"] * (self.trunk().stages - 2)
        return " / ".join(["age cost death", *between, "age | cost | death"])


def _nodes(network: Network) -> list[nn.Module]:
    return [module for _, module in network.body.parts()]


def _path(network: Network, task: str) -> list[Tensor]:
    """The parameters of the nodes that ``task`` goes through."""
    return [p for members, node in network.body.parts() if task in members for p in node.parameters()]
