"""On a GPU: the same numbers again, those of the CPU, in no more memory than foretold."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch

from mtl_search.data import Dataset
from mtl_search.records import EpochReport
from mtl_search.search.preparing.gpu_memory import bytes_of, of_network
from mtl_search.training import Score, Training, TrialConfig, network_cost
from mtl_search.training.team import Connected, meeting_point
from mtl_search.weighting import AnyConfig

MakeConfig = Callable[..., TrialConfig]
MEMBERS = ("cost", "ill", "stage")
WEIGHTINGS = [config.model_fields["name"].default for config in AnyConfig.__args__]
OPTIONS: dict[str, dict[str, object]] = {
    "fixed": {"weights": {name: 0.5 + i for i, name in enumerate(MEMBERS)}},
    "pcd": {"primary": "stage"},
}

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, which this machine lacks")


def train(config: TrialConfig, dataset: Dataset, device: str, **options: Any) -> list[EpochReport]:
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    one = Training(config, dataset, seed=3, score=Score(metrics), device=device, **options)
    assert next(one.network.parameters()).device.type == device
    reports = []
    while not one.finished:
        reports.append(one.run_epoch())
    return reports


def numbers(reports: list[EpochReport]) -> str:
    """All that was measured but for the time; text, since NaN equals NaN there."""
    return repr([(r.epoch, r.train_loss, r.valid, r.weights, r.score) for r in reports])


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_the_same_numbers_again(dataset: Dataset, make_config: MakeConfig, precision: str) -> None:
    config = make_config(precision=precision, trunk={"name": "mlp", "stages": 2, "width": 8, "dropout": 0.3})
    before = torch.cuda.get_rng_state()
    first, again = (numbers(train(config, dataset, "cuda")) for _ in range(2))
    assert first == again
    assert torch.equal(torch.cuda.get_rng_state(), before)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_every_weighting_learns_what_it_learns_on_the_cpu(
    dataset: Dataset, make_config: MakeConfig, name: str
) -> None:
    # all rows in one batch: what a weighting draws on a GPU moves the generator, and with it the rows' order
    config = make_config(*MEMBERS, batch_size=256, weighting={"name": name, **OPTIONS.get(name, {})})
    cpu, gpu = (train(config, dataset, device) for device in ("cpu", "cuda"))
    assert gpu[-1].train_loss == pytest.approx(cpu[-1].train_loss, rel=0.05, abs=0.01)


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_affinities_are_those_of_the_cpu(dataset: Dataset, make_config: MakeConfig, precision: str) -> None:
    found = []
    for device in ("cpu", "cuda"):
        metrics = {name: task.metric for name, task in dataset.tasks.items()}
        config = make_config(*MEMBERS, precision=precision, epochs=1)
        one = Training(config, dataset, seed=3, score=Score(metrics), device=device, affinities=True)
        one.run_epoch()
        found.append(dict(one.affinities))
    assert found[1] == pytest.approx(found[0], rel=0.02, abs=1e-6)


@pytest.mark.parametrize("width", [64, 1024])
def test_a_trial_takes_no_more_memory_than_is_foretold(
    dataset: Dataset, make_config: MakeConfig, width: int
) -> None:
    config = make_config(*MEMBERS, trunk={"name": "mlp", "stages": 2, "width": width})
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    train(config, dataset, "cuda")
    taken = torch.cuda.max_memory_allocated() - before
    data = bytes_of(dataset.train) + sum(map(bytes_of, dataset.splits.values()))
    foretold = of_network(config, network_cost(config, dataset).n_params, len(dataset.valid))
    assert taken < data + foretold + 32 * 2**20  # what cuBLAS takes for itself


def test_another_process_goes_on_with_the_same_numbers(dataset: Dataset, make_config: MakeConfig) -> None:
    """What dropout drops is drawn on the GPU, and goes on too."""
    config = make_config(epochs=4, trunk={"name": "mlp", "stages": 2, "width": 8, "dropout": 0.3})
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    first, again = (Training(config, dataset, seed=3, score=Score(metrics), device="cuda") for _ in range(2))
    reports = [first.run_epoch() for _ in range(2)]
    again.resume(pickle.loads(pickle.dumps(first.state())))
    reports += [again.run_epoch() for _ in range(2)]
    assert numbers(reports) == numbers(train(config, dataset, "cuda"))


@pytest.mark.skipif(not torch.distributed.is_nccl_available(), reason="needs a PyTorch with NCCL")
def test_a_team_on_gpus_adds_up() -> None:
    """Of one member, since a GPU takes no two; how a team learns is tested on CPUs."""
    store, _ = meeting_point("127.0.0.1")
    team = Connected(store, 0, 1, device="cuda", host="127.0.0.1")
    values = torch.arange(3.0, device="cuda")
    team.add_up(values)
    assert values.tolist() == [0.0, 1.0, 2.0]
    team.leave()
