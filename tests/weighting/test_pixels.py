"""Every weighting, also of gradients of each task, on tasks of pixels or tokens beside one of rows."""

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from mtl_search.data import Inputs, InputShape
from mtl_search.data.shapes import TextShape
from mtl_search.design import Branching
from mtl_search.model import HardSharing, Network, Trunk
from mtl_search.model.encoders.text import TextConfig
from mtl_search.model.trunks.conv1d import Conv1dConfig
from mtl_search.model.trunks.transformer import TransformerConfig
from mtl_search.tasks import Layout, PixelRegression, Segmentation, Tagging, Task
from mtl_search.testing.toy_networks import toy_tasks
from tests.fixtures.parts import Convolutions, Grid
from tests.weighting.test_contract import NAMES, configured

MEMBERS = ("age", "depth", "mask")
LAYOUTS = {"photo": Layout("photo", (4, 4))}


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    flat = [[(row * at) % 3 for at in range(16)] for row in range(1, 9)]
    column = pa.chunked_array([pa.array(flat, pa.list_(pa.uint8()))])
    depth = PixelRegression.Config().laid_over(LAYOUTS).fit("depth", [column])
    mask = Segmentation.Config(dice=0.5).laid_over(LAYOUTS).fit("mask", [column])
    return [*toy_tasks(["age"]), depth, mask]


@pytest.mark.parametrize("name", NAMES)
def test_tasks_of_pixels_are_weighted_like_any(name: str, tasks: list[Task]) -> None:
    sharing = HardSharing(branching=Branching.shared(MEMBERS, 2))
    generator = torch.Generator().manual_seed(0)
    network = Network(sharing, Grid(), Convolutions(), tasks, InputShape(4), generator=generator)
    column = pa.chunked_array([pa.array([[0, 1, 2, 1] * 4, [2, 2, 1, None] * 4, None])])
    labels = {task.name: task.encode([column]) for task in tasks[1:]}
    labels["age"] = torch.tensor([2.0, 3.0, 4.0]), torch.ones(3, dtype=torch.bool)
    inputs = {"numeric": torch.randn(3, 4, generator=generator), "categorical": torch.zeros(3, 0).long()}
    assert_all_learn(name, network, tasks, inputs, labels)


TEXT = InputShape(texts=(TextShape("words", vocabulary=9, length=5),))
TRUNKS: dict[str, Trunk] = {
    "conv1d": Conv1dConfig(stages=2, width=8, halve=False),
    "transformer": TransformerConfig(stages=2, width=8, heads=2, head_width=4),
}


@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("name", NAMES)
def test_tasks_of_tokens_are_weighted_like_any(name: str, trunk: str) -> None:
    """Rows are of different lengths, and one has no tags."""
    members = ("age", "tags")
    column = pa.chunked_array([pa.array([["a", "b", "a", "c", "b"], ["c", None], None])])
    tags = Tagging.Config().laid_over({"words": Layout("words", (5,))}).fit("tags", [column])
    tasks: list[Task] = [*toy_tasks(["age"]), tags]
    generator = torch.Generator().manual_seed(0)
    sharing = HardSharing(branching=Branching.shared(members, 2))
    network = Network(sharing, TextConfig(width=6), TRUNKS[trunk], tasks, TEXT, generator=generator)
    labels = {"tags": tags.encode([column]), "age": (torch.tensor([2.0, 3.0, 4.0]), torch.ones(3).bool())}
    inputs = {"text:words": torch.tensor([[3, 4, 5, 6, 7], [8, 3, 0, 0, 0], [2, 0, 0, 0, 0]]).int()}
    assert_all_learn(name, network, tasks, inputs, labels)


def assert_all_learn(
    name: str, network: Network, tasks: list[Task], inputs: Inputs, labels: dict[str, tuple[Tensor, Tensor]]
) -> None:
    members = network.members
    weighting = configured(name, members).build(members)
    weighting.generator = torch.Generator().manual_seed(0)

    def losses() -> dict[str, Tensor]:
        outputs = network(inputs)
        return {task.name: task.loss(outputs[task.name], *labels[task.name]) for task in tasks}

    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    before = sum(loss.item() for loss in losses().values())
    for _ in range(3):
        optimizer.zero_grad()
        weighting.backward(losses(), network)
        for task in members:
            assert any(p.grad is not None and p.grad.any() for p in network.task_parameters(task))
        assert any(p.grad is not None and p.grad.any() for p in network.shared_parameters())
        optimizer.step()
        weighting.after_step(losses)
    after = sum(loss.item() for loss in losses().values())
    assert after < before
