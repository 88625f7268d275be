"""A training that another process goes on with ends as if nothing had happened, to the last bit."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ray import cloudpickle  # as Ray takes a state from one process to another

from mtl_search.data import Dataset
from mtl_search.records import EpochReport
from mtl_search.training import Score, Training, TrialConfig
from tests.weighting.test_contract import OPTIONS

MakeConfig = Callable[..., TrialConfig]
EPOCHS = 3
MEMBERS = ("cost", "ill", "stage")


def begun(config: TrialConfig, dataset: Dataset) -> Training:
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    return Training(config, dataset, seed=5, score=Score(metrics), affinities=True)


def numbers(reports: list[EpochReport]) -> str:
    """All that was measured but for the time; text, since NaN equals NaN there."""
    return repr([(r.epoch, r.train_loss, r.valid, r.weights, r.score) for r in reports])


def ends_alike(config: TrialConfig, dataset: Dataset, lost_after: int) -> None:
    calm, hit = begun(config, dataset), begun(config, dataset)
    whole = [calm.run_epoch() for _ in range(EPOCHS)]
    reports = [hit.run_epoch() for _ in range(lost_after)]
    written = cloudpickle.dumps(hit.state())
    hit.run_epoch()  # which nobody hears of
    del hit
    again = begun(config, dataset)
    again.resume(cloudpickle.loads(written))
    reports += [again.run_epoch() for _ in range(EPOCHS - lost_after)]
    assert numbers(reports) == numbers(whole)
    assert again.affinities == calm.affinities
    assert (again.best.epoch, again.best.score, again.finished) == (
        calm.best.epoch,
        calm.best.score,
        calm.finished,
    )
    for training in (again, calm):
        training.restore_best()
    for name, values in calm.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], values), name


REMEMBER = ["dwa", "famo", "gradnorm", "db_mtl", "nash_mtl", "gradvac", "excess_mtl", "pcd", "cr_mogm"]


@pytest.mark.parametrize("name", ["equal", "random", "graddrop", "uncertainty", *REMEMBER])
def test_whatever_the_weighting_remembers(make_config: MakeConfig, dataset: Dataset, name: str) -> None:
    options = OPTIONS[name](MEMBERS) if name in OPTIONS else {}
    ends_alike(make_config(*MEMBERS, epochs=EPOCHS, weighting={"name": name, **options}), dataset, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": {"name": "sgd"}, "schedule": {"name": "one_cycle"}, "clip_norm": 0.5},
        {"trunk": {"name": "mlp", "stages": 2, "width": 8, "dropout": 0.4}, "schedule": {"name": "constant"}},
        {"copies": 2, "patience": 1},
    ],
    ids=["momentum and a cycle", "dropout", "copies and patience"],
)
@pytest.mark.parametrize("lost_after", [1, 2])
def test_whatever_else_goes_on(
    make_config: MakeConfig, dataset: Dataset, options: dict[str, Any], lost_after: int
) -> None:
    ends_alike(make_config(epochs=EPOCHS, **options), dataset, lost_after)
