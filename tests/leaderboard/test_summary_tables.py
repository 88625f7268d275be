"""The table of confirmed designs and that of their tasks belong together, whatever is killed or lost."""

import os
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Difference, SummaryRecord, TaskResult
from tests.fixtures.boards import TASKS


def confirmed(design_id: str, gain: float = 1.0) -> SummaryRecord:
    """A confirmed design of ``age`` and ``death``."""
    numbers = (0.5, 0.1, gain, 0.2, -1.0, 3.0, 0.2, 0.3)
    return SummaryRecord(
        design_id=design_id,
        arm="search",
        arms=("search",),
        chosen=True,
        n_networks=1,
        text="text",
        n_seeds=3,
        seeds=(1, 2, 3),
        reading=1,
        alpha=0.05,
        delta_m=gain,
        delta_m_sd=0.2,
        delta_m_low=-1.0,
        delta_m_high=3.0,
        delta_m_valid=1.5,
        vs_single_task=Difference(),
        reference=None,
        vs_reference=Difference(),
        control=None,
        gain_of_tuning=Difference(),
        gain_of_sharing=Difference(),
        over_recommended=Difference(),
        verdict=None,
        provisional=(),
        tasks=tuple(
            TaskResult(name, *numbers, None, 0.4, 0.1, 0.7, 0.01, None, 0.6, 1.2, 0.9, 1.5)
            for name in ("age", "death")
        ),
        n_params=10,
        flops=20,
        train_seconds=1.0,
        arm_trials=5,
        arm_device_seconds=9.0,
        caveats=(),
        ensemble_size=5,
        ensemble_delta_m=2.5,
    )


@pytest.fixture
def board(tmp_path: Path) -> Leaderboard:
    board = Leaderboard.create(tmp_path, TASKS)
    board.write_summary([confirmed("old"), confirmed("kept")])
    return board


def test_the_tasks_of_a_design_are_rows_of_their_own(board: Leaderboard) -> None:
    rows = board.frame("summary_tasks")
    assert rows[["design_id", "task", "metric"]].values.tolist() == [
        [design, task, metric]
        for design in ("old", "kept")
        for task, metric in (("age", "rmse"), ("death", "auroc"))
    ]
    assert "tasks" not in board.frame("summary")
    assert [one.tasks for one in board.summary_records()] == [confirmed("old").tasks] * 2


class Stop(BaseException):
    """The process is killed here."""


@pytest.mark.parametrize("step", range(6))
def test_wherever_a_replacement_is_killed_each_design_has_its_tasks(board: Leaderboard, step: int) -> None:
    with mock.patch.object(os, "fsync", side_effect=[*[None] * step, Stop]), pytest.raises(Stop):
        board.write_summary([confirmed("new"), confirmed("kept", gain=2.0)])
    seen = Leaderboard(board.path).summary_records()
    assert [one.design_id for one in seen] in (["old", "kept"], ["new", "kept"])
    plain = pd.read_parquet(board.path / "summary.parquet").merge(
        pd.read_parquet(board.path / "summary_tasks.parquet"), on="design_id"
    )
    assert len(plain) == 4
    board.write_summary([confirmed("new")])
    assert set(Leaderboard(board.path).frame("summary_tasks")["design_id"]) == {"new"}


def test_half_a_summary_is_refused_and_none_for_who_goes_on(board: Leaderboard) -> None:
    (board.path / "summary_tasks.parquet").unlink()
    with pytest.raises(LeaderboardError, match=r"summary_tasks.parquet: .*found none of old; resume"):
        Leaderboard(board.path).summary_records()
    again = Leaderboard(board.path)
    again.recover()
    assert again.summary_records() == []
    assert len(again.summary()) == 0
