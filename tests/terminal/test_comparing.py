"""Sweeps side by side."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.text import Text

from mtl_search.analysis import verdict_sentences
from mtl_search.analysis.verdict_words import ends
from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard
from mtl_search.terminal.comparing import show_comparison
from tests.fixtures.hospital import HOSPITAL
from tests.fixtures.sweeps import synthetic_sweep

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> list[Leaderboard]:
    folder = tmp_path_factory.mktemp("results")
    confirmed = synthetic_sweep(folder / "one", trials=30, n_seeds=3)
    return [confirmed, synthetic_sweep(folder / "two", trials=30, n_seeds=3, confirmed=False)]


def shown(boards: list[Leaderboard], capsys: Capture) -> str:
    show_comparison(boards)
    return capsys.readouterr().out


def test_each_arm_and_each_task_has_a_line(boards: list[Leaderboard], capsys: Capture) -> None:
    said = shown(boards, capsys)
    (best,) = (row for row in boards[0].summary_records() if row.chosen)
    for arm in ("advised", *{arm for row in boards[0].summary_records() for arm in row.arms}):
        assert re.search(rf"^{arm} +[+-]?\d+\.\d\d % \[.*\] +not confirmed$", said, re.MULTILINE)
    for task in best.tasks:
        value = f"{task.value:#.4g} ({task.gain:+.2f} %)"
        assert re.search(rf"^{task.task} \(\w+\) +{re.escape(value)}$", said, re.MULTILINE)


def test_each_sweep_has_its_advice_and_verdict(boards: list[Leaderboard], capsys: Capture) -> None:
    flat = " ".join(shown(boards, capsys).split())
    for name, board in zip("AB", boards, strict=True):
        advice = verdict_sentences(board.design_records(), board.summary_records())[0]
        assert f"{name} {board.path}: {advice}" in flat
    (best,) = (row for row in boards[0].summary_records() if row.chosen)
    assert f"Against single_task: {ends(best.vs_single_task)}, {best.vs_single_task.verdict}." in flat
    assert "Provisional: more trials" in flat
    assert "It is not confirmed, so nothing is shown yet." in flat


def test_the_others_are_judged_against_the_first(boards: list[Leaderboard], capsys: Capture) -> None:
    flat = " ".join(shown([boards[0], boards[0], boards[1]], capsys).split())
    assert "B against A: 0.00 % [+0.00, +0.00] on test over 3 seeds, no difference shown" in flat
    assert "C against A: cannot be compared: " in flat


def test_a_sweep_without_any_design(boards: list[Leaderboard], tmp_path: Path, capsys: Capture) -> None:
    empty = Leaderboard.create(tmp_path / "empty", HOSPITAL)
    flat = " ".join(shown([empty, boards[0]], capsys).split())
    assert flat.startswith(f"A {empty.path}: no design yet B {boards[0].path}: Train")
    assert "B against A: cannot be compared: one of them has no trial yet." in flat


@pytest.mark.parametrize("columns", [60, 80])
def test_a_narrow_terminal_holds_many_sweeps(
    boards: list[Leaderboard], capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    said = shown([boards[0]] * 5, capsys)
    assert max(len(line) for line in said.splitlines()) <= columns
    assert "…" not in said
    assert not re.search(r" $", said, re.MULTILINE)
    names = re.findall(r"^ {6,}([A-E](?: +[A-E])*)$", said, re.MULTILINE)
    assert sorted("".join(names).replace(" ", "")) == sorted("ABCDE" * 2), "each once in each table"


def test_values_on_other_test_rows_are_not_set_beside(
    boards: list[Leaderboard], tmp_path: Path, capsys: Capture
) -> None:
    sweeps = []
    for rows in ("these", "those"):
        board = Leaderboard.create(tmp_path / rows, [replace(task, test_rows=rows) for task in HOSPITAL])
        board.record(*boards[0].records())
        board.write_designs(boards[0].design_records())
        board.write_summary(boards[0].summary_records())
        sweeps.append(board)
    tasks = shown(sweeps, capsys).split("What is advised on test")[1]
    assert len(re.findall(r"\) +on other rows$", tasks, re.MULTILINE)) == 5


def test_colour_is_only_where_a_difference_is_shown(
    boards: list[Leaderboard], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = Text.from_ansi(shown([boards[0], boards[0]], capsys))
    coloured = [text.plain[span.start : span.end] for span in text.spans if "color" in str(span.style)]
    shown_ones = [
        row for row in boards[0].summary_records() if row.vs_single_task.verdict in ("better", "worse")
    ]
    assert {f"{row.delta_m:+.2f} %" for row in shown_ones} >= {
        part.split(" [")[0] for part in coloured if "[" in part
    }
    assert all("[" in part or part in ("better", "worse") for part in coloured)


def test_what_a_terminal_would_obey_is_not_passed_on(
    boards: list[Leaderboard], tmp_path: Path, capsys: Capture
) -> None:
    """Folders and tables come from others."""
    name = "two\x1b[2J\x1b]0;title\x07\x9b1m"
    hostile = Leaderboard.create(tmp_path / name, [replace(task, name=task.name + name) for task in HOSPITAL])
    for options in ([], ["--json"]):
        assert main(["compare", str(hostile.path), str(boards[0].path), *options]) == 0
        said = capsys.readouterr().out
        assert not {"\x1b", "\x07", "\x9b"} & set(said)
        assert "two" in said


def test_programs_get_the_same(boards: list[Leaderboard], capsys: Capture) -> None:
    assert main(["compare", *(str(board.path) for board in boards), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    first, second = value["sweeps"]
    (best,) = (row for row in boards[0].summary_records() if row.chosen)
    assert (first["design_id"], first["delta_m"]) == (best.design_id, best.delta_m)
    assert first["against_first"] is None
    assert second["delta_m"] is None
    assert "not confirmed" in second["against_first"]["why_not"]


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
