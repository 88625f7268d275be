"""Evaluation of tasks of pixels: chunk by chunk it is that of all rows at once, and nobody keeps outputs."""

import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from mtl_search.data import Inputs, Rows
from mtl_search.tasks import Layout, PixelRegression, Segmentation, Task
from mtl_search.training import evaluation as module
from mtl_search.training.evaluation import Evaluator

ROWS = 50
LAYOUTS = {"photo": Layout("photo", (2, 3))}


class Said(nn.Module):
    """Outputs that stand in the inputs."""

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        outputs_BK = inputs["numeric"].view(-1, 4, 2, 3)
        return {"mask": outputs_BK[:, :3], "depth": outputs_BK[:, 3:]}


@pytest.fixture(scope="module")
def tasks() -> dict[str, Task]:
    column = pa.chunked_array([pa.array([[0, 1, 2, 2, 1, 0]])])
    configs = {"mask": Segmentation.Config(), "depth": PixelRegression.Config()}
    return {name: config.laid_over(LAYOUTS).fit(name, [column]) for name, config in configs.items()}


@pytest.fixture(scope="module")
def rows(tasks: dict[str, Task]) -> Rows:
    """Rows of 10 units; of some pixels, and of every fifth row, the labels are missing."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(3, (ROWS, 6), generator=generator).tolist()
    labels = [None if at % 5 == 4 else [*row[:5], None] for at, row in enumerate(values)]
    encoded = {name: task.encode([pa.chunked_array([pa.array(labels)])]) for name, task in tasks.items()}
    return Rows(
        inputs={"numeric": torch.randn(ROWS, 24, generator=generator)},
        targets={name: targets for name, (targets, _) in encoded.items()},
        labelled={name: labelled for name, (_, labelled) in encoded.items()},
        units=torch.arange(ROWS) // 5,
        weights_N=1.0 + torch.arange(ROWS) % 3,
    )


def by_hand(rows: Rows, tasks: dict[str, Task], kept_N: Tensor) -> dict[str, dict[str, float]]:
    outputs, found = Said()(rows.inputs), {}
    for name, task in tasks.items():
        these_N = kept_N & rows.labelled[name]
        assert rows.weights_N is not None
        found[name] = task.evaluate(
            outputs[name][these_N], rows.targets[name][these_N], rows.weights_N[these_N]
        )
    return found


def test_metrics_of_chunks_are_those_of_all_rows(
    rows: Rows, tasks: dict[str, Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 7)
    evaluator = Evaluator(rows, tasks)
    expected = by_hand(rows, tasks, torch.ones(ROWS, dtype=torch.bool))
    found = evaluator.all_metrics(Said())
    for name in tasks:
        assert found[name] == pytest.approx(expected[name])
    assert not evaluator.outputs(Said())


def test_units_are_left_out_of_sums(rows: Rows, tasks: dict[str, Task]) -> None:
    found = Evaluator(rows, tasks).leave_out(Said(), 10)
    for name, task in tasks.items():
        expected = [by_hand(rows, tasks, rows.units != unit)[name][task.metric.name] for unit in range(10)]
        assert sorted(values[name] for values in found) == pytest.approx(sorted(expected))
