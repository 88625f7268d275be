"""Evaluator: metrics of labelled rows, whatever the size of a forward pass."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mtl_search.data import Dataset
from mtl_search.model import Network
from mtl_search.training import TrialConfig
from mtl_search.training import evaluation as module
from mtl_search.training.evaluation import Evaluator

MakeConfig = Callable[..., TrialConfig]


@pytest.fixture
def network(dataset: Dataset, make_config: MakeConfig) -> Network:
    config = make_config("cost", "ill", "stage", "topics")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tasks = [dataset.tasks[name] for name in config.members]
        return Network(config.branching, config.trunk, tasks, dataset.input_shape)


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


def test_dropout_is_off_and_no_graph_is_kept(dataset: Dataset, make_config: MakeConfig) -> None:
    trunk = {"name": "mlp", "stages": 2, "width": 8, "dropout": 0.9}
    config = make_config("cost", "ill", trunk=trunk)
    tasks = {name: dataset.tasks[name] for name in config.members}
    network = Network(config.branching, config.trunk, list(tasks.values()), dataset.input_shape).train()
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
        with torch.random.fork_rng():
            torch.manual_seed(5)
            networks.append(Network(config.branching, config.trunk, list(task.values()), dataset.input_shape))
    rows = dataset.valid.select(task)
    first, second = (Evaluator(rows, task).leave_out(network, 5) for network in networks)
    assert first == second
