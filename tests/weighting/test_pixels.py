"""Every weighting, those of the gradients of each task included, on tasks of pixels beside one of rows."""

import pyarrow as pa
import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.design import Branching
from mtl_search.model import HardSharing, Network
from mtl_search.tasks import Layout, PixelRegression, Segmentation, Task
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
    weighting = configured(name, MEMBERS).build(MEMBERS)
    weighting.generator = generator
    column = pa.chunked_array([pa.array([[0, 1, 2, 1] * 4, [2, 2, 1, None] * 4, None])])
    labels = {task.name: task.encode([column]) for task in tasks[1:]}
    labels["age"] = torch.tensor([2.0, 3.0, 4.0]), torch.ones(3, dtype=torch.bool)
    inputs = {"numeric": torch.randn(3, 4, generator=generator), "categorical": torch.zeros(3, 0).long()}

    def losses() -> dict[str, torch.Tensor]:
        outputs = network(inputs)
        return {task.name: task.loss(outputs[task.name], *labels[task.name]) for task in tasks}

    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    before = sum(loss.item() for loss in losses().values())
    for _ in range(3):
        optimizer.zero_grad()
        weighting.backward(losses(), network)
        for task in MEMBERS:
            assert any(p.grad is not None and p.grad.any() for p in network.task_parameters(task))
        assert any(p.grad is not None and p.grad.any() for p in network.shared_parameters())
        optimizer.step()
        weighting.after_step(losses)
    after = sum(loss.item() for loss in losses().values())
    assert after < before
