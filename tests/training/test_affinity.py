"""Affinities: by hand for linear tasks, and without any trace in the training that measures them."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mtl_search.data import Dataset
from mtl_search.testing.planted import planted_clusters
from mtl_search.training import Score, Training, TrialConfig, run_trial
from mtl_search.training.affinity import LEAST_LOSS, STEP, AffinityMeter

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
    found = meter.means
    assert found["x", "back"] == pytest.approx(1 - (1 + step) ** 2, abs=1e-6)
    assert found["back", "x"] == pytest.approx(1 - (1 + step) ** 2, abs=1e-6)
    assert found["x", "y"] == pytest.approx(-(step**2), abs=1e-6)
    assert ("x", "x") not in found
    assert place.detach().tolist() == [0.0, 0.0]


def test_looks_are_averaged_and_tasks_may_be_absent() -> None:
    place = nn.Parameter(torch.tensor([0.0]))
    meter = AffinityMeter([place])

    def losses(*names: str) -> dict[str, Tensor]:
        return {name: ((place - float(len(name))) ** 2).sum() for name in names}

    meter.look(lambda: losses("a", "bb"))
    first = meter.means["a", "bb"]
    place.data += 0.5
    meter.look(lambda: losses("a", "bb", "ccc"))
    assert set(meter.means) == {(s, t) for s in ("a", "bb", "ccc") for t in ("a", "bb", "ccc") if s != t}
    assert meter.means["a", "bb"] != first


def test_a_loss_of_nothing_has_no_share() -> None:
    place = nn.Parameter(torch.tensor([1.0]))
    meter = AffinityMeter([place])
    meter.look(lambda: {"done": (LEAST_LOSS / 2) * place.sum(), "open": place.sum()})
    assert set(meter.means) == {("done", "open")}


def test_measuring_changes_nothing(make_config: MakeConfig, dataset: Dataset) -> None:
    config = make_config()
    plain, measured = (metered(config, dataset, affinities=wanted) for wanted in (False, True))
    assert not plain.affinities
    assert len(measured.affinities) == len(config.members) * (len(config.members) - 1)
    assert all(map(math.isfinite, measured.affinities.values()))
    for name, value in plain.network.state_dict().items():
        torch.testing.assert_close(measured.network.state_dict()[name], value, rtol=0, atol=0)


def test_a_network_of_one_task_has_none(make_config: MakeConfig, dataset: Dataset) -> None:
    config = make_config("cost")
    assert metered(config, dataset, affinities=True).affinities == {}


@pytest.mark.parametrize("seed", range(3))
def test_tasks_of_a_cluster_have_the_highest_affinities(seed: int) -> None:
    planted = planted_clusters(seed)
    members = tuple(planted.tasks)
    trial = {**planted.trial, "optimizer": {"name": "adamw", "lr": 0.1}}
    config = TrialConfig.model_validate({**trial, "members": members, "branching": " ".join(members)})
    found = metered(config, planted.dataset, affinities=True).affinities
    for target in members:
        partner = max((s for s in members if s != target), key=lambda source: found[source, target])
        assert partner[0] == target[0]


def test_an_outcome_has_none_unless_asked(make_config: MakeConfig, dataset: Dataset) -> None:
    assert run_trial(make_config(), dataset).affinities == {}
