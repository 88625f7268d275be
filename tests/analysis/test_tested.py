"""Gains of single networks on test."""

import pytest

from mtl_search.analysis.tested import network_gains
from mtl_search.leaderboard import Leaderboard
from tests.fixtures.sweeps import synthetic_sweep


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return synthetic_sweep(tmp_path_factory.mktemp("results") / "x", trials=20, n_seeds=3)


def found(board: Leaderboard, *, without: str = "") -> dict[str, float]:
    designs = [one for one in board.design_records() if without not in one.arms]
    trials, metrics, resamples, tasks = map(board.frame, ("trials", "metrics", "resamples", "tasks"))
    return network_gains(trials, metrics, resamples, designs, tasks)


def test_each_network_of_the_confirmation_has_one(board: Leaderboard) -> None:
    confirmed = board.frame("trials").query("phase == 'confirmation'")
    assert found(board).keys() == set(confirmed["config_id"])


def test_a_design_of_one_network_gains_what_it_gains(board: Leaderboard) -> None:
    gains = found(board)
    for row in board.summary_records():
        if row.n_networks == 1:
            (design,) = (one for one in board.design_records() if one.design_id == row.design_id)
            (config,) = set(design.configs.values())
            assert gains[config] == pytest.approx(row.delta_m)


def test_without_single_tasks_there_is_no_gain(board: Leaderboard) -> None:
    assert found(board, without="single_task") == {}


def test_before_the_confirmation_there_is_none(board: Leaderboard) -> None:
    trials = board.frame("trials").query("phase == 'search'")
    metrics, resamples, tasks = map(board.frame, ("metrics", "resamples", "tasks"))
    assert network_gains(trials, metrics, resamples, board.design_records(), tasks) == {}
