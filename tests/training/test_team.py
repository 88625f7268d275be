"""Teams: two processes' worth of workers learn what one does, whatever combines the losses."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import nn

from mtl_search.data import Dataset
from mtl_search.errors import Mismatch
from mtl_search.records import EpochReport
from mtl_search.training import Score, Training, TrialConfig
from mtl_search.training import team as teams
from mtl_search.training.team import (
    ALONE,
    Connected,
    LeftAloneError,
    Team,
    Together,
    meeting_point,
    meeting_point_at,
)

MakeConfig = Callable[..., TrialConfig]
HOST = "127.0.0.1"

pytestmark = pytest.mark.skipif(not dist.is_gloo_available(), reason="needs a PyTorch with gloo")


def in_team(size: int, do: Callable[[Team], Any]) -> list[Any]:
    """What ``do`` gives in each of a team's members, which are threads here: they meet as processes do."""
    first, port = meeting_point(HOST)
    found: list[Any] = [None] * size
    errors: list[BaseException] = []

    def be(rank: int) -> None:
        store = meeting_point_at(HOST, port) if rank else first
        team = Connected(store, rank, size, device="cpu", host=HOST)
        try:
            found[rank] = do(team)
        except BaseException as error:
            errors.append(error)
            team.leave()  # or the others wait

    threads = [threading.Thread(target=be, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return found


def trained(config: TrialConfig, dataset: Dataset, team: Team = ALONE) -> tuple[list[EpochReport], Training]:
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    one = Training(config, dataset, seed=3, score=Score(metrics), affinities=True, team=team)
    reports = []
    for _ in range(config.epochs):
        if team.rank:
            one.accompany()
        else:
            reports.append(one.run_epoch())
    return reports, one


def weighted(dataset: Dataset) -> Dataset:
    weights_N = torch.linspace(0.2, 1.8, len(dataset.train))
    return replace(dataset, train=replace(dataset.train, weights_N=weights_N))


CASES: dict[str, dict[str, Any]] = {
    "equal": {},
    "clipped": {"clip_norm": 0.1, "schedule": {"name": "one_cycle"}},
    "copies": {"copies": 2},
    "learned": {"weighting": "uncertainty"},
    "one gradient a task": {"weighting": "pcgrad"},
    "a quadratic program": {"weighting": "upgrad"},
    "a layer's gradients": {"weighting": "gradnorm"},
    "losses after the step": {"weighting": "famo"},
    "remembered gradients": {"weighting": "db_mtl"},
    "random": {"weighting": "random"},
    "classes that count more": {"members": ("stage", "topics", "ill")},
}


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_a_team_learns_what_one_learns(
    make_config: MakeConfig, dataset: Dataset, options: dict[str, Any]
) -> None:
    """Batches that cannot be halved, a last one of fewer rows than members; labels are missing."""
    same(make_config, dataset, 2, options)


@pytest.mark.parametrize("case", ["one gradient a task", "classes that count more"])
def test_rows_with_weights_of_three(make_config: MakeConfig, dataset: Dataset, case: str) -> None:
    same(make_config, weighted(dataset), 3, CASES[case])


def same(make_config: MakeConfig, rows: Dataset, size: int, options: dict[str, Any]) -> None:
    rows = replace(rows, train=rows.train.slice(0, 71))
    config = make_config(*options.get("members", ()), **{"batch_size": 7, "epochs": 2} | options)
    alone, one = trained(config, rows)
    (reports, first), *others = in_team(size, lambda team: trained(config, rows, team))
    for report, known in zip(reports, alone, strict=True):
        assert dict(report.train_loss) == pytest.approx(dict(known.train_loss), rel=1e-3)
        assert dict(report.weights) == pytest.approx(dict(known.weights), rel=1e-3, abs=1e-4)
        assert report.score == pytest.approx(known.score, rel=1e-3)
    assert first.affinities == pytest.approx(one.affinities, rel=0.02, abs=1e-5)
    for _, other in others:
        for name, values in other.network.state_dict().items():
            assert torch.equal(values, first.network.state_dict()[name]), "members never drift apart"


def test_members_draw_what_dropout_drops_and_the_rest_in_common(
    make_config: MakeConfig, dataset: Dataset
) -> None:
    config = make_config(trunk={"name": "mlp", "stages": 2, "width": 8, "dropout": 0.5}, epochs=2)
    (_, first), (_, second) = in_team(2, lambda team: trained(config, dataset, team))
    for name, values in first.network.state_dict().items():
        assert torch.equal(values, second.network.state_dict()[name])


def test_batch_normalisation_is_refused(make_config: MakeConfig, dataset: Dataset) -> None:
    _, one = trained(make_config(epochs=1), dataset)
    one.network.body.add_module("normal", nn.BatchNorm1d(8))

    def tied(team: Team) -> None:
        with pytest.raises(Mismatch, match=r"without batch normalisation.*BatchNorm1d at body\.normal"):
            Together(one.network, team)

    in_team(2, tied)
    Together(one.network, ALONE)


def test_who_leaves_ends_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams, "PATIENCE", timedelta(seconds=20))
    met = threading.Barrier(2)

    def leaves_or_waits(team: Team) -> float:
        assert isinstance(team, Connected)
        team.add_up(torch.ones(2))
        met.wait()
        began = time.monotonic()
        if team.rank:
            team.leave()
        with pytest.raises(LeftAloneError):
            team.add_up(torch.ones(2))
        return time.monotonic() - began

    assert max(in_team(2, leaves_or_waits)) < 10.0, "not as long as one that is there is waited for"
