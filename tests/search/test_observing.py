"""Where a sweep stands by its folder alone: at its beginning, in its middle, at its end."""

import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.leaderboard import Leaderboard, TrialStart, only_process
from mtl_search.records import Metric, Phase, Split, TrialRecord
from mtl_search.search import Count, RunningTrial, Step, idle_for, observed
from tests.fixtures.boards import TASKS, synthetic_trial

START = datetime(2025, 1, 1, tzinfo=UTC)
SWEEP = """\
name: synthetic
data: {source: nowhere.csv, inputs: {scan: {kind: "nobodys_module:Scan"}}}
tasks: {age: regression, death: {kind: "nobodys_module:Death"}, ward: {kind: multiclass, role: auxiliary}}
objective: {max_networks: 2}
budget: {trials: 4, reference_trials: 2, repeats: 1, finalists: 1, seeds: 2}
references: {trees: false}
trial:
  members: {subset: {min: 1, max: 3}}
  trunk: {name: "nobodys_module:Trunk", width: 8}
  weighting: "nobodys_module:Weighting"
arms:
  mine: {members: all, encoder: "nobodys_module:Encoder"}
"""


@pytest.fixture
def board(tmp_path: Path) -> Leaderboard:
    made = Leaderboard.create(tmp_path / "sweep", TASKS)
    (made.path / "sweep.yaml").write_text(SWEEP)
    return made


def trial(arm: str, number: int, values: Mapping[str, float], **changes: Any) -> TrialRecord:
    """One of four seconds, which began as the one before it ended."""
    study = f"{arm}.{next(iter(values))}" if arm in ("single_task", "linear") else arm
    names = {"age": "rmse", "death": "auroc"}
    one = synthetic_trial(f"{study}-{number}", arm=arm, members=tuple(values), **changes)
    began = START + timedelta(seconds=4 * number)
    metrics = tuple(Metric(task, Split.VALID, names[task], value) for task, value in values.items())
    return replace(one, metrics=metrics, started=began, finished=began + timedelta(seconds=4))


def alone(board: Leaderboard) -> None:
    """The first arm, whole."""
    board.record(*(trial("single_task", number, {"age": 10.0}) for number in (0, 1)))
    board.record(*(trial("single_task", number, {"death": 0.8}) for number in (2, 3)))


def ago(board: Leaderboard, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing had happened for so long."""
    last = 1_700_000_000.0
    os.utime(board.path / "trials.log", (last, last))
    monkeypatch.setattr(time, "time", lambda: last + seconds)


def test_before_the_first_trial(board: Leaderboard) -> None:
    seen = observed(board.path)
    assert [arm.name for arm in seen.arms] == [
        "single_task", "linear", "shared_equal", "shared_tuned", "mine", "search",
        "catch-up", "replication", "confirmation",
    ]  # fmt: skip
    assert (seen.step, seen.done, seen.seconds_left, seen.running) == (Step.SEARCH, 0, None, ())
    assert seen.planned is not None
    assert not seen.planned.is_exact
    assert "nobodys_module" not in sys.modules


def test_in_the_middle_of_the_search(board: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(board)
    board.record(trial("shared_equal", 4, {"age": 9.0, "death": 0.8}))
    board.record(trial("search", 5, {"age": 8.0, "death": 0.8}))
    members = {"members.age": True, "members.death": False, "members.ward": True}
    board.start(TrialStart("search-6", "search", {}, {}))
    board.stop("search-6")
    board.start(TrialStart("search-7", "search", members, {}, again="search-6"))
    board.start(TrialStart("search-8", "search", members, {}))
    ago(board, 5.0, monkeypatch)
    seen = observed(board.path)
    arms = {arm.name: arm for arm in seen.arms}
    assert "linear" not in arms, "the data had nothing for it"
    assert (arms["single_task"].complete, arms["single_task"].planned) == (4, Count.exactly(4))
    assert arms["single_task"].best == 0.0
    assert arms["shared_equal"].best == pytest.approx(5.0)
    assert (arms["search"].complete, arms["search"].running) == (1, 2)
    assert arms["search"].best == pytest.approx(10.0)
    assert math.isnan(arms["mine"].best)
    assert seen.running == (RunningTrial("search", ("age", "ward")),) * 2
    assert seen.chosen == ("age", "ward")
    assert (seen.step, seen.done, seen.failed) == (Step.SEARCH, 6, 0)
    assert seen.seconds == 24.0 + 5.0
    assert seen.planned is not None
    assert seen.seconds_left == pytest.approx(4.0 * (seen.planned.expected - 6) - 5.0)


@pytest.mark.parametrize("phase", [Phase.REPLICATION, Phase.CONFIRMATION])
def test_a_later_step(board: Leaderboard, phase: Phase) -> None:
    alone(board)
    board.record(trial("single_task", 4, {"age": 9.0}))
    assert observed(board.path).step is Step.CATCH_UP
    again = replace(trial("search", 9, {"age": 9.0}, phase=phase), trial_id=f"{phase}-search-9-1")
    board.record(again)
    seen = observed(board.path)
    assert seen.step.value == phase.value
    assert {arm.name: arm.complete for arm in seen.arms}[phase.value] == 1


def test_at_its_end_all_is_known(board: Leaderboard) -> None:
    alone(board)
    board.end()
    seen = observed(board.path)
    assert (seen.done, seen.planned, seen.seconds, seen.seconds_left) == (4, Count.exactly(4), 16.0, None)


def test_a_budget_of_hours(board: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> None:
    (board.path / "sweep.yaml").write_text(SWEEP.replace("trials: 4, reference_trials: 2", "hours: 1"))
    alone(board)
    ago(board, 5.0, monkeypatch)
    seen = observed(board.path)
    assert seen.planned is None
    assert seen.seconds_left == 3600 - 16 - 5


def test_of_one_that_nobody_works_on_nothing_runs_and_no_time_goes_by(
    board: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(board)
    board.start(TrialStart("single_task.age-4", "single_task/age", {}, {}))
    ago(board, 59.0, monkeypatch)
    assert (idle_for(board.path), len(observed(board.path).running)) == (0.0, 1)
    ago(board, 3 * 86400.0, monkeypatch)
    seen = observed(board.path)
    assert idle_for(board.path) == 3 * 86400.0
    assert (seen.running, seen.seconds) == ((), 16.0)
    assert seen.planned is not None
    assert seen.seconds_left == pytest.approx(4.0 * (seen.planned.expected - 4)), "of work"
    with only_process(board.path):
        assert idle_for(board.path) == 0.0
    board.end()
    assert idle_for(board.path) == 0.0


def test_nothing_is_written(board: Leaderboard) -> None:
    before = {path: path.read_bytes() for path in board.path.iterdir()}
    observed(board.path)
    assert {path: path.read_bytes() for path in board.path.iterdir()} == before


def test_without_its_sweep_file_it_says_so(board: Leaderboard) -> None:
    (board.path / "sweep.yaml").unlink()
    with pytest.raises(SpecError, match=r"sweep\.yaml: expected a sweep file, found no such file"):
        observed(board.path)
