"""Evaluator: metrics of labelled rows, whatever the size of a forward pass."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mtl_search.analysis import jackknife_variance
from mtl_search.data import Dataset, Inputs, Rows
from mtl_search.model import Network
from mtl_search.training import TrialConfig, build_network
from mtl_search.training import evaluation as module
from mtl_search.training.evaluation import Evaluator
from tests.fixtures.data import task_configs
from tests.fixtures.parts import Experts

MakeConfig = Callable[..., TrialConfig]


@pytest.fixture
def network(dataset: Dataset, make_config: MakeConfig) -> Network:
    config = make_config("cost", "ill", "stage", "topics")
    return build_network(config, dataset.tasks, dataset.input_shape, torch.Generator().manual_seed(0))


def outputs_by_hand(network: Network, dataset: Dataset) -> dict[str, Tensor]:
    """Outputs on the labelled rows of valid."""
    network.eval()
    with torch.inference_mode():
        outputs = network(dataset.valid.inputs)
    return {task: outputs[task][dataset.valid.labelled[task]] for task in outputs}


def test_metrics_are_those_of_the_labelled_rows(network: Network, dataset: Dataset) -> None:
    found = Evaluator(dataset.valid, dataset.tasks).all_metrics(network)
    outputs = outputs_by_hand(network, dataset)
    assert found.keys() == dataset.tasks.keys()
    for name, task in dataset.tasks.items():
        labelled = dataset.valid.labelled[name]
        assert not labelled.all(), "some labels are missing"
        expected = task.evaluate(outputs[name], dataset.valid.targets[name][labelled])
        assert found[name] == pytest.approx(expected, nan_ok=True)


def test_rows_count_by_weight_in_every_metric(network: Network, dataset: Dataset) -> None:
    """Scores are rounded: on some processors those of a row that is there twice differ in the last bit, which
    a ranking sees."""
    network.register_forward_hook(
        lambda module, inputs, outputs: {name: of_task.round(decimals=4) for name, of_task in outputs.items()}
    )
    weights_N = 1 + torch.arange(len(dataset.valid)) % 3
    weighed = replace(dataset.valid, weights_N=weights_N.float())
    repeated = dataset.valid.take(torch.arange(len(weighed)).repeat_interleave(weights_N))
    found, expected = (Evaluator(rows, dataset.tasks) for rows in (weighed, repeated))
    for name, values in expected.all_metrics(network).items():
        assert found.all_metrics(network)[name] == pytest.approx(values, rel=1e-4, nan_ok=True)
    assert found.default_metrics(network) == pytest.approx(expected.default_metrics(network), rel=1e-4)
    without, expected_without = (one.leave_out(network, 20) for one in (found, expected))
    for values, others in zip(without, expected_without, strict=True):
        assert values == pytest.approx(others, rel=1e-4, nan_ok=True)


def test_default_metrics_are_among_all(network: Network, dataset: Dataset) -> None:
    evaluator = Evaluator(dataset.valid, dataset.tasks)
    everything = evaluator.all_metrics(network)
    for name, value in evaluator.default_metrics(network).items():
        assert value == pytest.approx(everything[name][dataset.tasks[name].metric.name])


def test_the_size_of_a_forward_pass_does_not_matter(
    network: Network, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = Evaluator(dataset.valid, dataset.tasks)
    whole = evaluator.default_metrics(network)
    monkeypatch.setattr(module, "CHUNK", 8)
    assert len(dataset.valid) % 8, "the last pass is a smaller one"
    assert evaluator.default_metrics(network) == pytest.approx(whole, rel=1e-5)


def test_mean_gates_are_over_all_rows(
    dataset: Dataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config("cost", "ill", sharing=Experts(n=3))
    network = build_network(config, dataset.tasks, dataset.input_shape, torch.Generator().manual_seed(0))
    monkeypatch.setattr(module, "CHUNK", 8)
    found = Evaluator(dataset.valid, {"cost": dataset.tasks["cost"]}).mean_gates(network)
    whole = torch.cat([gate.weights_BE.mean(dim=0) for gate in network.gates(dataset.valid.inputs)])
    assert [gate.weight for gate in found] == pytest.approx(whole.tolist())
    assert sum(gate.weight for gate in found if gate.task == "ill") == pytest.approx(1.0)


def test_a_network_without_experts_has_no_gates(network: Network, dataset: Dataset) -> None:
    assert Evaluator(dataset.valid, dataset.tasks).mean_gates(network) == []


def test_dropout_is_off_and_no_graph_is_kept(dataset: Dataset, make_config: MakeConfig) -> None:
    trunk = {"name": "mlp", "stages": 2, "width": 8, "dropout": 0.9}
    config = make_config("cost", "ill", trunk=trunk)
    tasks = {name: dataset.tasks[name] for name in config.members}
    network = build_network(config, tasks, dataset.input_shape, torch.Generator()).train()
    evaluator = Evaluator(dataset.valid.select(tasks), tasks)
    assert evaluator.default_metrics(network) == evaluator.default_metrics(network)
    assert all(parameter.grad is None for parameter in network.parameters())


def test_leaving_out_groups(network: Network, dataset: Dataset) -> None:
    n_groups = 4
    found = Evaluator(dataset.valid, dataset.tasks).leave_out(network, n_groups)
    assert len(found) == n_groups
    outputs, whole = outputs_by_hand(network, dataset), Evaluator(dataset.valid, dataset.tasks)
    default = whole.default_metrics(network)
    for name in dataset.tasks:
        values = [group[name] for group in found]
        assert len(set(values)) > 1, "each group of rows that is left out changes the value"
        low, high = min(values), max(values)
        assert low <= default[name] + 1e-3
        assert high >= default[name] - 1e-3
    assert outputs.keys() == dataset.tasks.keys()


def test_groups_are_the_same_for_every_network(dataset: Dataset, make_config: MakeConfig) -> None:
    # two networks of the same weights must agree group by group, or nothing could be paired
    config = make_config("cost")
    task = {"cost": dataset.tasks["cost"]}
    networks = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(5)
        networks.append(build_network(config, task, dataset.input_shape, generator))
    rows = dataset.valid.select(task)
    first, second = (Evaluator(rows, task).leave_out(network, 5) for network in networks)
    assert first == second


class Echo(nn.Module):
    """A network whose output is its input."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        return {"loss": inputs["numeric"]}


def echoed(values_N: NDArray[np.float64], units_N: NDArray[np.int64]) -> Evaluator:
    """An evaluator whose metric is the mean of ``values_N``, all positive."""
    values = torch.tensor(values_N)
    rows = Rows(
        {"numeric": values.unsqueeze(1)},
        {"loss": torch.zeros(len(values))},
        {"loss": torch.ones(len(values), dtype=torch.bool)},
        torch.tensor(units_N),
    )
    task = task_configs({"loss": {"kind": "regression", "metric": "mae"}})["loss"].fit(
        "loss", [pa.chunked_array([[-1.0, 1.0]])]
    )
    return Evaluator(rows, {"loss": task})


def test_whole_units_are_left_out() -> None:
    """Half of the variance is between patients: rows as units would show less than half of the spread."""
    rng = np.random.default_rng(0)
    patients, rows = 130, 10
    means: list[float] = []
    spreads: dict[str, list[float]] = {"patients": [], "rows": []}
    for _ in range(150):
        values = 5 + 0.3 * np.repeat(rng.normal(size=patients), rows) + 0.3 * rng.normal(size=patients * rows)
        means.append(values.mean())
        codes = rng.permutation(patients)
        for kind, units in (("patients", np.repeat(codes, rows)), ("rows", np.arange(len(values)))):
            left_out = echoed(values, units).leave_out(Echo(), 20)
            spreads[kind].append(jackknife_variance([one["loss"] for one in left_out]))
    true = np.std(means)
    assert np.sqrt(np.mean(spreads["patients"])) == pytest.approx(true, rel=0.12)
    assert np.sqrt(np.mean(spreads["rows"])) < 0.5 * true


@pytest.mark.parametrize(("n_units", "groups"), [(1, 0), (2, 2), (7, 7), (20, 20), (50, 20)])
def test_few_units_are_left_out_one_by_one(n_units: int, groups: int) -> None:
    units = np.arange(60) % n_units
    found = echoed(1.0 + units, units).leave_out(Echo(), 20)  # type: ignore[arg-type]
    assert len(found) == groups
    if 1 < n_units <= 20:
        left = sorted(one["loss"] for one in found)
        by_hand = sorted(float((1.0 + units)[units != unit].mean()) for unit in range(n_units))
        assert left == pytest.approx(by_hand)
