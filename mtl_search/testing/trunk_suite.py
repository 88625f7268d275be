"""The contract of a trunk: subclass ``TrunkSuite`` in a test module, and pytest runs every part of it."""

# ruff: noqa: D102 - the names of the tests say what they check
# B rows of a batch, F features

import pickle
from abc import ABC, abstractmethod
from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from mtl_search.data import Inputs, InputShape
from mtl_search.design import Branching
from mtl_search.model import Network, Trunk, count_flops, count_parameters
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_losses, toy_rows, toy_tasks

__all__ = ["TrunkSuite"]

MEMBERS = ("age", "cost", "death")
SHAPES = (TOY_SHAPE, InputShape(3), InputShape(0, (4, 2)))


class TrunkSuite(ABC):
    """What is true of every trunk.

    A subclass says which trunk, as a fixture where it has several; its name starts with ``Test``, so that
    pytest finds it.
    """

    @abstractmethod
    def trunk(self) -> Trunk:
        """The trunk under test, of three stages or more."""

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("rows", [1, 5])
    def test_rows_go_through_encoder_and_stages_to_features(self, shape: InputShape, rows: int) -> None:
        trunk = self.trunk()
        hidden = trunk.build_encoder(shape)(_inputs(shape, rows))
        for index in range(trunk.stages):
            hidden = trunk.build_stage(index, shape)(hidden)
        assert hidden.shape == (rows, trunk.width_out)

    def test_every_part_is_new(self) -> None:
        trunk = self.trunk()
        for build in (trunk.build_encoder, lambda shape: trunk.build_stage(1, shape)):
            first, second = build(TOY_SHAPE), build(TOY_SHAPE)
            assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}

    def test_a_stage_can_learn(self) -> None:
        trunk = self.trunk()
        for index in range(trunk.stages):
            assert any(p.requires_grad for p in trunk.build_stage(index, TOY_SHAPE).parameters())

    def test_the_gradient_of_a_task_reaches_encoder_and_every_stage_on_its_path(self) -> None:
        network = self._network(Branching.split(MEMBERS, self.trunk().stages, 2))
        for task in MEMBERS:
            network.zero_grad()
            torch.autograd.backward(toy_losses(network, toy_rows(MEMBERS))[task])
            reached = [*network.encoder.parameters(), *_path(network, task)]
            assert all(p.grad is not None and p.grad.any() for p in reached)

    def test_the_seed_decides_the_initial_values(self) -> None:
        states = []
        for seed in (0, 0, 1):
            torch.manual_seed(seed)
            states.append(torch.cat([p.flatten() for p in self._network(self._shared()).parameters()]))
        assert torch.equal(states[0], states[1])
        assert not torch.equal(states[0], states[2])

    def test_evaluation_is_the_same_every_time_and_for_every_batch(self) -> None:
        network = self._network(self._shared()).eval()
        rows = toy_rows(MEMBERS)
        first, again = network(rows.inputs)["cost"], network(rows.inputs)["cost"]
        alone = network(rows.take(torch.tensor([7])).inputs)["cost"]
        torch.testing.assert_close(first, again, rtol=0, atol=0)
        torch.testing.assert_close(first[7:8], alone)

    def test_sharing_all_stages_is_the_plain_chain(self) -> None:
        network = self._network(self._shared()).eval()
        inputs = toy_rows(MEMBERS).inputs
        features = nn.Sequential(network.encoder, *network.nodes)(inputs)
        outputs = network(inputs)
        for head, task in zip(network.heads, MEMBERS, strict=True):
            torch.testing.assert_close(outputs[task], head(features), rtol=0, atol=0)

    def test_members_do_not_influence_each_other_after_their_cut(self) -> None:
        network = self._network(Branching.parse(self._tree())).eval()
        inputs = toy_rows(MEMBERS).inputs
        for task in MEMBERS:
            before = network(inputs)
            with torch.no_grad():
                for parameter in network.task_parameters(task):
                    parameter.add_(0.5)
            after = network(inputs)
            for other in MEMBERS:
                assert torch.equal(before[other], after[other]) == (other != task)

    def test_every_node_is_visited_once(self) -> None:
        network = self._network(Branching.parse(self._tree()))
        visits: Counter[int] = Counter()
        for index, node in enumerate(network.nodes):
            node.register_forward_hook(lambda *_, index=index: visits.update([index]))
        network(toy_rows(MEMBERS).inputs)
        assert visits == Counter(range(network.branching.n_nodes))

    def test_parameters_and_flops_add_up_over_the_nodes(self) -> None:
        trunk, branching, tasks = self.trunk(), Branching.parse(self._tree()), toy_tasks(MEMBERS)
        parts = [trunk.build_encoder(TOY_SHAPE), *(task.head(trunk.width_out) for task in tasks)]
        for stage in range(trunk.stages):
            parts += [trunk.build_stage(stage, TOY_SHAPE) for _ in branching.nodes(stage)]
        n_params = sum(p.numel() for part in parts for p in part.parameters())
        assert count_parameters(branching, trunk, tasks, TOY_SHAPE) == n_params
        shared = count_flops(self._shared(), trunk, tasks, TOY_SHAPE)
        branched = count_flops(branching, trunk, tasks, TOY_SHAPE)
        alone = sum(count_flops(branching.restrict([t.name]), trunk, [t], TOY_SHAPE) for t in tasks)
        assert 0 < shared < branched < alone

    def test_mixed_precision_gives_finite_gradients(self) -> None:
        network = self._network(self._shared())
        with torch.autocast("cpu", torch.bfloat16):
            losses = toy_losses(network, toy_rows(MEMBERS))
        torch.autograd.backward(list(losses.values()))
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())

    def test_the_options_survive_json_and_pickle(self) -> None:
        trunk = self.trunk()
        assert type(trunk).model_validate_json(trunk.model_dump_json()) == trunk
        assert pickle.loads(pickle.dumps(trunk)) == trunk

    def _network(self, branching: Branching) -> Network:
        return Network(branching, self.trunk(), toy_tasks(MEMBERS), TOY_SHAPE)

    def _shared(self) -> Branching:
        return Branching.shared(MEMBERS, self.trunk().stages)

    def _tree(self) -> str:
        """Stage 1 shared by two members, all apart from the last stage on."""
        between = ["age cost | death"] * (self.trunk().stages - 2)
        return " / ".join(["age cost death", *between, "age | cost | death"])


def _inputs(shape: InputShape, rows: int) -> Inputs:
    return toy_rows(MEMBERS, rows, shape=shape).inputs


def _path(network: Network, task: str) -> list[Tensor]:
    """The parameters of the nodes that ``task`` goes through."""
    nodes = [
        sum(len(network.branching.nodes(earlier)) for earlier in range(stage))
        + network.branching.node(stage, task)
        for stage in range(network.branching.n_stages)
    ]
    return [p for node in nodes for p in network.nodes[node].parameters()]
