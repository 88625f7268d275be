"""Affinities: by hand for linear tasks, and without any trace in the training that measures them."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from benchmarks.planted_data import planted_clusters
from mtl_search.data import Dataset
from mtl_search.training import Score, Training, TrialConfig, run_trial
from mtl_search.training.affinity import LEAST_LOSS, STEP, AffinityMeter
from mtl_search.training.loop import LOOKS

MakeConfig = Callable[..., TrialConfig]


def metered(config: TrialConfig, dataset: Dataset, *, affinities: bool) -> Training:
    score = Score({name: task.metric for name, task in dataset.tasks.items()})
    training = Training(config, dataset, seed=0, score=score, affinities=affinities)
    while not training.finished:
        training.run_epoch()
    return training


def test_squared_distances_to_two_points() -> None:
    """A step towards one point leads away from the opposite one, and hardly so from one at a right angle."""
    place = nn.Parameter(torch.zeros(2))
    goals = {"x": torch.tensor([1.0, 0.0]), "y": torch.tensor([0.0, 1.0]), "back": torch.tensor([-1.0, 0.0])}
    meter = AffinityMeter([place])
    meter.look(lambda: {name: ((place - goal) ** 2).sum() for name, goal in goals.items()})
    step = 2 * STEP  # of a gradient of length 2
    found = meter.affinities
    assert found["x", "back"] == pytest.approx(1 - (1 + step) ** 2, abs=1e-6)
    assert found["back", "x"] == pytest.approx(1 - (1 + step) ** 2, abs=1e-6)
    assert found["x", "y"] == pytest.approx(-(step**2), abs=1e-6)
    assert ("x", "x") not in found
    assert place.detach().tolist() == [0.0, 0.0]


def test_the_median_look_counts_and_tasks_may_be_absent() -> None:
    place = nn.Parameter(torch.tensor([0.0]))
    meter = AffinityMeter([place])
    seen = []

    def distances(**goals: float) -> dict[str, Tensor]:
        return {name: (place - goal).square().sum() for name, goal in goals.items()}

    def lines(goal: float) -> dict[str, Tensor]:
        return {"near": (place - 1).square().sum(), "far": (place - goal).abs().sum()}

    for goal in (3.0, 5.0, 2.0):
        one = AffinityMeter([place])
        for looking in (one, meter):
            looking.look(partial(lines, goal))
        seen.append(one.affinities["near", "far"])
    assert meter.affinities["near", "far"] == pytest.approx(sorted(seen)[1])
    meter.look(lambda: distances(near=1.0, new=3.0))
    assert ("new", "near") in meter.affinities
    assert ("new", "far") not in meter.affinities


def test_a_loss_of_nothing_has_no_share() -> None:
    place = nn.Parameter(torch.tensor([1.0]))
    meter = AffinityMeter([place])
    meter.look(lambda: {"done": (LEAST_LOSS / 2) * place.sum(), "open": place.sum()})
    assert set(meter.affinities) == {("done", "open")}


@pytest.mark.parametrize("epochs", [1, LOOKS, LOOKS + 3])
def test_measuring_changes_nothing(make_config: MakeConfig, dataset: Dataset, epochs: int) -> None:
    dropout = {"name": "mlp", "stages": 2, "width": 8, "dropout": 0.4}
    config = make_config(trunk=dropout, epochs=epochs)
    plain, measured = (metered(config, dataset, affinities=wanted) for wanted in (False, True))
    assert not plain.affinities
    assert len(measured.affinities) == len(config.members) * (len(config.members) - 1)
    assert all(map(math.isfinite, measured.affinities.values()))
    assert measured.best.valid == plain.best.valid
    for name, value in plain.network.state_dict().items():
        torch.testing.assert_close(measured.network.state_dict()[name], value, rtol=0, atol=0)


def test_rounding_does_not_drown_it(make_config: MakeConfig, dataset: Dataset) -> None:
    exact, rounded = (
        metered(make_config(epochs=1, precision=name), dataset, affinities=True).affinities
        for name in ("float32", "bfloat16")
    )
    assert rounded == exact, "before the first step the networks are the same"


@pytest.mark.parametrize(("epochs", "looks"), [(1, 1), (10, 10), (11, 5), (40, 10)])
def test_it_is_looked_ten_times_at_most(
    make_config: MakeConfig, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, epochs: int, looks: int
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(AffinityMeter, "look", lambda self, losses: seen.append(len(losses())))
    metered(make_config(epochs=epochs), dataset, affinities=True)
    assert seen == [3] * looks


def test_batches_without_labels_are_passed_over(make_config: MakeConfig, dataset: Dataset) -> None:
    """The one row that has labels is seldom in the first batch."""
    train = dataset.train
    rare = {name: torch.arange(len(train)) == len(train) - 1 for name in train.labelled}
    sparse = replace(dataset, train=replace(train, labelled=rare))
    found = metered(make_config(batch_size=8, epochs=4), sparse, affinities=True).affinities
    assert len(found) == 6
    unlabelled = {**rare, "cost": torch.zeros(len(train), dtype=torch.bool)}
    none = replace(dataset, train=replace(train, labelled=unlabelled))
    assert metered(make_config("cost", "ill", batch_size=8), none, affinities=True).affinities == {}


def test_a_network_of_one_task_has_none(make_config: MakeConfig, dataset: Dataset) -> None:
    config = make_config("cost")
    assert metered(config, dataset, affinities=True).affinities == {}


@pytest.mark.parametrize("seed", range(3))
def test_tasks_of_a_cluster_have_the_highest_affinities(seed: int) -> None:
    planted = planted_clusters(seed)
    members = tuple(planted.tasks)
    trial = {**planted.trial, "optimizer": {"name": "adamw", "lr": 0.1}}
    config = TrialConfig.model_validate({**trial, "members": members, "sharing": " ".join(members)})
    found = metered(config, planted.dataset, affinities=True).affinities
    for target in members:
        partner = max((s for s in members if s != target), key=lambda source: found[source, target])
        assert partner[0] == target[0]


def test_an_outcome_has_none_unless_asked(make_config: MakeConfig, dataset: Dataset) -> None:
    assert run_trial(make_config(), dataset).affinities == {}
