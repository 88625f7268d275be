"""Sweeps side by side."""

from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pytest

from mtl_search.analysis import verdict_sentences
from mtl_search.cli import main
from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard
from mtl_search.terminal.comparing import show_comparison
from tests.fixtures.boards import TASKS
from tests.fixtures.sweeps import synthetic_sweep


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> list[Leaderboard]:
    folder = tmp_path_factory.mktemp("results")
    confirmed = synthetic_sweep(folder / "one", trials=30, n_seeds=3)
    return [confirmed, synthetic_sweep(folder / "two", trials=30, n_seeds=3, confirmed=False)]


def test_each_arm_and_each_task_has_a_line(
    boards: list[Leaderboard], capsys: pytest.CaptureFixture[str]
) -> None:
    show_comparison(boards)
    shown = capsys.readouterr().out
    for arm in ("single_task", "shared_tuned", "search"):
        assert arm in shown
    (best,) = (row for row in boards[0].summary().to_pylist() if row["chosen"])
    assert f"{best['verdict']}, provisional" in " ".join(shown.split())
    for task in boards[0].summary_tasks().filter(pc.field("chosen")).to_pylist():
        assert task["task"] in shown
        assert f"{task['value']:.4f}" in shown


def test_a_sweep_without_confirmation_says_so(
    boards: list[Leaderboard], capsys: pytest.CaptureFixture[str]
) -> None:
    show_comparison(boards)
    assert "not confirmed" in capsys.readouterr().out


def test_eighty_columns_hold_three_sweeps_and_what_each_advises(
    boards: list[Leaderboard], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show_comparison([boards[0], boards[1], boards[0]])
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "…" not in shown
    flat = " ".join(shown.split())
    for board in boards:
        assert verdict_sentences(board.design_records(), board.summary_records())[0] in flat
    assert flat.count("Provisional: more") == 2, "beside each verdict"


def test_other_data_are_pointed_out(boards: list[Leaderboard], capsys: pytest.CaptureFixture[str]) -> None:
    show_comparison([boards[0], boards[0]])
    assert "different data" not in capsys.readouterr().out


def test_sweeps_tested_on_other_rows_are_refused_by_task(tmp_path: Path) -> None:
    def board(name: str, *test_rows: str) -> Leaderboard:
        tasks = [replace(task, test_rows=rows) for task, rows in zip(TASKS, test_rows, strict=False)]
        return Leaderboard.create(tmp_path / name, tasks)

    one, same, other = board("one", "a", "b"), board("same", "a"), board("other", "a", "c")
    show_comparison([one, same, board("old", "", "")])
    with pytest.raises(LeaderboardError, match=r"other: task 'death': .* test rows of .*one, found others"):
        show_comparison([one, same, other])


def test_the_command_takes_folders(boards: list[Leaderboard], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *(str(board.path) for board in boards)]) == 0
    assert "delta_m on test" in capsys.readouterr().out


def test_a_folder_that_is_none_is_the_users_mistake(
    boards: list[Leaderboard], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(boards[0].path), str(tmp_path / "nothing")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_the_report_command_writes_the_page(
    boards: list[Leaderboard], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(boards[0].path)]) == 0
    assert Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
