"""The leaders: designs and trials of a sweep, for people and for programs."""

import json
import math
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtl_search.analysis import verdict_sentences
from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import TrialState
from mtl_search.terminal.leaders import show_end, show_top, top_json
from tests.fixtures.boards import TASKS, synthetic_trial
from tests.fixtures.sweeps import synthetic_sweep

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return synthetic_sweep(tmp_path_factory.mktemp("results") / "confirmed", trials=30)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return synthetic_sweep(tmp_path_factory.mktemp("results") / "searched", trials=30, confirmed=False)


@pytest.fixture
def empty(tmp_path: Path) -> Leaderboard:
    return Leaderboard.create(tmp_path / "empty", TASKS)


def top(board: Leaderboard, capsys: Capture, n: int = 5, arm: str | None = None) -> str:
    show_top(board, n, arm)
    return capsys.readouterr().out


def plain(board: Leaderboard, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = getattr(board, table)().to_pylist(maps_as_pydicts="strict")
    return rows


def as_json(board: Leaderboard, n: int = 5, arm: str | None = None) -> dict[str, Any]:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    value: dict[str, Any] = json.loads(top_json(board, n, arm), parse_constant=refuse)
    return value


# for people


def test_confirmed_designs_come_first(confirmed: Leaderboard, capsys: Capture) -> None:
    shown = top(confirmed, capsys)
    title = "Confirmed designs: delta_m on test, 5 new seeds, verdicts provisional"
    assert shown.index("Train three networks") == 0
    assert shown.index(title) < shown.index("Recommended:") < shown.index("Trials, by mean gain")
    assert "Not confirmed" not in shown
    (best,) = (row for row in plain(confirmed, "summary") if row["chosen"])
    first = shown[shown.index(title) :].splitlines()[2]
    assert first.split()[:3] == ["*", best["arm"], str(best["n_networks"])]
    flat = " ".join(shown.split())
    assert flat.count("* ") == 2, "before the recommended design, and in what says so"
    assert f"other: {best['reference']}, the best one on valid" in flat
    assert "conditional on the one train set" in flat
    for sentence in verdict_sentences(confirmed.design_records(), confirmed.summary_records()):
        assert " ".join(sentence.split()) in flat
    assert (
        "Provisional: more trials of the references could change this (fewer than 10 completed trials" in flat
    )
    for caveat in best["caveats"]:
        assert caveat[:30] in shown


def test_a_search_without_confirmation_says_so(searched: Leaderboard, capsys: Capture) -> None:
    shown = top(searched, capsys)
    assert "nothing is shown yet" in " ".join(shown.split())
    assert "Not confirmed" in shown
    table = shown[shown.index("Designs, by delta_m on valid") :]
    best = max(searched.designs().to_pylist(), key=lambda row: row["delta_m"])
    assert table.splitlines()[2].split()[:3] == ["*", best["arm"], str(best["n_networks"])]
    assert f"Recommended: {best['n_networks']} network" in shown
    for key in best["networks"]:
        assert key in shown


def test_every_task_is_served_or_helps(searched: Leaderboard, capsys: Capture) -> None:
    best = max(searched.designs().to_pylist(maps_as_pydicts="strict"), key=lambda row: row["delta_m"])
    block = top(searched, capsys).split("Recommended:")[1].split("Trials, by")[0]
    for task in best["serves"]:
        assert task in block


def test_trials_are_the_best_and_as_many_as_asked_for(searched: Leaderboard, capsys: Capture) -> None:
    rows = searched.trials().to_pylist()
    complete = [row for row in rows if row["state"] == "complete" and math.isfinite(row["mean_gain"])]
    best = sorted(complete, key=lambda row: -row["mean_gain"])
    table = top(searched, capsys, n=4).split("Trials, by mean gain")[1]
    assert re.findall(r" (\w+-\d{5})$", table, re.MULTILINE) == [row["trial_id"] for row in best[:4]]


def test_one_arm_alone(searched: Leaderboard, capsys: Capture) -> None:
    shown = top(searched, capsys, arm="shared_equal")
    assert "shared_equal" in shown
    assert "Best on valid: " in shown
    assert "single_task-" not in shown
    assert "search-" not in shown


def test_an_arm_that_is_not_there(searched: Leaderboard, capsys: Capture) -> None:
    for show in (show_top, top_json):
        with pytest.raises(LeaderboardError, match="did you mean 'shared_tuned'"):
            show(searched, 5, "shared_tune")


def test_nothing_yet(empty: Leaderboard, capsys: Capture) -> None:
    shown = top(empty, capsys)
    assert "no design yet: no arm has networks for all main tasks" in shown
    assert "no trial has been trained to its end yet" in shown


def test_trials_before_there_are_designs(empty: Leaderboard, capsys: Capture) -> None:
    empty.record(
        synthetic_trial("search-0", mean_gain=math.nan),
        synthetic_trial("search-1", mean_gain=2.0),
        synthetic_trial("search-2", state=TrialState.FAILED, mean_gain=math.nan),
        synthetic_trial("search-3", state=TrialState.PRUNED, mean_gain=9.0),
        synthetic_trial("search-4", duplicate_of="search-1", mean_gain=2.0),
    )
    shown = top(empty, capsys)
    listed = [line.split()[-1] for line in shown.splitlines() if " search-" in line]
    assert listed == ["search-1", "search-0"], "what has no gain comes last"


def test_a_summary_of_designs_that_are_no_more(
    confirmed: Leaderboard, capsys: Capture, tmp_path: Path
) -> None:
    # killed in the confirmation after the budget was extended: new designs, the old summary
    board = synthetic_sweep(tmp_path / "extended", trials=30)
    board.write_designs([design for design in board.design_records() if not design.chosen])
    assert "Best on valid:" in top(board, capsys)


def test_eighty_columns_hold_it_all(
    confirmed: Leaderboard, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = top(confirmed, capsys, n=50)
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "…" not in shown
    listed = shown.split("Trials, by mean gain")[1].splitlines()[2:]
    trials = {row["trial_id"]: row["members"] for row in plain(confirmed, "trials")}
    for line, members in zip(listed[::2], listed[1::2], strict=True):
        assert members.split() == trials[line.split()[-1]]


def test_a_design_is_shown_with_its_gains_on_test(confirmed: Leaderboard, capsys: Capture) -> None:
    block = top(confirmed, capsys).split("Recommended:")[1].split("Trials, by")[0]
    for task in (row for row in plain(confirmed, "summary_tasks") if row["chosen"]):
        ends = f"[{task['gain_low']:+z.2f}, {task['gain_high']:+z.2f}]"
        (line,) = (line for line in block.splitlines() if line.split()[:1] == [task["task"]])
        assert f"{task['gain']:+z.2f} % {ends}" in line


def test_a_recommended_design_that_was_lost_is_not_called_primary(
    confirmed: Leaderboard, capsys: Capture, tmp_path: Path
) -> None:
    board = synthetic_sweep(tmp_path / "lost", trials=30)
    board.write_summary([row for row in board.summary_records() if not row.chosen])
    flat = " ".join(top(board, capsys).split())
    assert "the recommended design is not among them" in flat
    assert "nothing is shown yet" in flat
    assert "primary" not in flat


# at the end of a run


def test_the_end_is_what_to_train(confirmed: Leaderboard, capsys: Capture) -> None:
    show_end(confirmed)
    last = " ".join(capsys.readouterr().out.split("--trials N")[1].split())
    for sentence in verdict_sentences(confirmed.design_records(), confirmed.summary_records()):
        assert " ".join(sentence.split()) in last


def test_the_end_says_where_and_what_next(searched: Leaderboard, capsys: Capture) -> None:
    show_end(searched)
    shown = capsys.readouterr().out
    assert f"The results are in {searched.path}: Parquet tables and report.html." in shown
    for command in ("top", "report", "resume"):
        assert f"mtl-search {command} {searched.path}" in shown
    assert "trials failed: see 'error'" in shown


def test_the_end_without_failures(empty: Leaderboard, capsys: Capture) -> None:
    empty.record(synthetic_trial("search-0"))
    show_end(empty)
    assert "failed" not in capsys.readouterr().out


def test_commands_take_folders_with_blanks(capsys: Capture, tmp_path: Path) -> None:
    board = Leaderboard.create(tmp_path / "my sweep", TASKS)
    show_end(board)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "resume" in line)
    assert shlex.split(line)[:3] == ["mtl-search", "resume", str(board.path)]


def test_a_folder_with_brackets_is_shown_whole(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "[bold]x[" / "[y]"
    board = Leaderboard.create(path, TASKS)
    show_end(board)
    assert str(path) in capsys.readouterr().out


# for programs


def test_json_holds_everything(confirmed: Leaderboard) -> None:
    value = as_json(confirmed, n=7)
    assert list(value) == ["confirmed", "designs", "trials"]
    assert len(value["trials"]) == 7
    gains = [trial["mean_gain"] for trial in value["trials"]]
    assert gains == sorted(gains, reverse=True)
    deltas = [design["delta_m"] for design in value["designs"] if design["delta_m"] is not None]
    assert len(deltas) == len(value["designs"]) - 1, "the control is not known on valid"
    assert deltas == sorted(deltas, reverse=True)
    design = value["designs"][0]
    assert set(design["serves"].values()) <= set(design["networks"])
    assert isinstance(value["trials"][0]["params"], dict)
    assert value["confirmed"][0]["text"] in {design["text"] for design in value["designs"]}


def test_json_of_one_arm(searched: Leaderboard) -> None:
    value = as_json(searched, arm="single_task")
    assert {row["arm"] for row in value["trials"]} == {"single_task"}
    assert all("single_task" in row["arms"] for row in value["designs"])


def test_what_is_no_number_is_null(empty: Leaderboard) -> None:
    trial = synthetic_trial("search-0", mean_gain=math.nan, score=math.inf)
    empty.record(replace(trial, train_seconds=math.nan))
    (row,) = as_json(empty)["trials"]
    assert (row["mean_gain"], row["score"], row["train_seconds"]) == (None, None, None)


def test_json_of_nothing(empty: Leaderboard) -> None:
    assert as_json(empty) == {"confirmed": [], "designs": [], "trials": []}
