"""The leaders: designs and trials of a sweep, for people and for programs."""

import io
import json
import math
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from mtl_search.analysis import Verdict, verdict_sentences
from mtl_search.analysis.verdict_words import counted, percent, together
from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Role, TrialState
from mtl_search.terminal.designs import show_designs, show_networks, show_trees
from mtl_search.terminal.leaders import show_end, show_top, top_json
from mtl_search.terminal.words import plain_console
from tests.fixtures.boards import TASKS, synthetic_trial
from tests.fixtures.hospital import HOSPITAL
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


def listed(shown: str) -> list[str]:
    """The ids of the designs in the order they are shown, the recommended one with its mark."""
    table = shown.split("Designs: ")[1].split("Trials, by")[0]
    return re.findall(r"^([*> ] [0-9a-f]{8}) ", table, re.MULTILINE)


def test_the_recommended_design_comes_first_then_the_best_on_valid(
    confirmed: Leaderboard, capsys: Capture
) -> None:
    shown = top(confirmed, capsys, n=6)
    assert shown.index("Train three networks") == 0
    assert shown.index("Designs: ") < shown.index("Recommended ") < shown.index("Trials, by mean gain")
    assert "Not confirmed" not in shown
    rows = confirmed.design_records()
    (best,) = (row for row in rows if row.chosen)
    others = sorted((row for row in rows if not row.chosen), key=lambda row: -row.delta_m)
    assert listed(shown) == [f"* {best.design_id}", *(f"  {row.design_id}" for row in others[:5])]
    assert f"and {len(rows) - 6} more: -n {len(rows)}" in shown


def test_test_stands_beside_valid_with_its_interval(confirmed: Leaderboard, capsys: Capture) -> None:
    shown = top(confirmed, capsys, n=50)
    tested = {row.design_id: row for row in confirmed.summary_records()}
    for design in confirmed.design_records():
        (line,) = (line for line in shown.splitlines() if line[2:11] == f"{design.design_id} ")
        row = tested[design.design_id]
        ends = f"[{row.delta_m_low:+z.2f}, {row.delta_m_high:+z.2f}]"
        if math.isfinite(design.delta_m):
            assert f" {design.delta_m:+z.2f} % ".replace("+0.00", "0.00") in line
        assert ends in line
        said = [row.vs_single_task.verdict, row.vs_reference.verdict]
        *verdicts, ensemble, _ = line.split("]")[1].split()
        assert verdicts == ["-" if word.startswith("no") else word for word in said if word is not None]
        assert ensemble == f"{row.ensemble_delta_m:+.2f}"


def test_without_ensembles_nothing_is_said_of_them(
    confirmed: Leaderboard, capsys: Capture, tmp_path: Path
) -> None:
    shown = " ".join(top(confirmed, capsys).split())
    assert "mean of what the networks of all 5 seeds predict, at 5 times the cost" in shown
    board = Leaderboard(shutil.copytree(confirmed.path, tmp_path / "older"))
    board.write_summary([replace(row, ensemble_size=None) for row in board.summary_records()])
    assert "ensemble" not in top(board, capsys).replace(str(board.path), "")


def test_what_was_found_is_explained(confirmed: Leaderboard, capsys: Capture) -> None:
    flat = " ".join(top(confirmed, capsys).split())
    (best,) = (row for row in plain(confirmed, "summary") if row["chosen"])
    assert "on test: mean of 5 new seeds with its 95 % interval" in flat
    assert f"other: {best['reference']}, the best one on valid" in flat
    assert "verdicts are provisional" in flat
    assert "conditional on the one train set" in flat
    for sentence in verdict_sentences(confirmed.design_records(), confirmed.summary_records()):
        assert " ".join(sentence.split()) in flat
    assert (
        "Provisional: more trials of the references could change this (fewer than 10 completed trials" in flat
    )
    for caveat in best["caveats"]:
        assert caveat in flat


def test_who_trains_with_whom_is_said_of_every_design(confirmed: Leaderboard, capsys: Capture) -> None:
    flat = " ".join(top(confirmed, capsys, n=50).split())
    for design in confirmed.design_records():
        assert f"{design.arm}, {counted(design.n_networks, 'network')}, " in flat
        assert f" parameters: {together(design)} " in flat


def test_colour_is_only_where_a_difference_is_shown(
    confirmed: Leaderboard, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    rows = confirmed.summary_records()
    unshown = replace(rows[0].vs_single_task, verdict=Verdict.NONE.value)
    same = [replace(task, verdict=Verdict.NONE.value) for task in rows[0].tasks]
    shown = Text.from_ansi(top(confirmed, capsys, n=50))
    coloured = {(shown.plain[span.start : span.end].strip(), str(span.style)) for span in shown.spans}
    red, green, yellow = (f"color({number})" for number in (1, 2, 3))
    assert {text for text, style in coloured if style == yellow} == {"caveat:"}
    assert ("better", f"bold {green}") in coloured
    verdicts = re.compile(r"better|worse|\S+ % \[\S+ \S+\]")
    assert all(verdicts.fullmatch(text) for text, style in coloured if red in style or green in style)
    console = Console(force_terminal=True, color_system="standard", file=io.StringIO())
    quiet = replace(rows[0], vs_single_task=unshown, vs_reference=unshown, tasks=tuple(same))
    designs = [one for one in confirmed.design_records() if one.design_id == quiet.design_id]
    show_designs(console, designs, None, {quiet.design_id: quiet}, 5)
    show_networks(console, "Recommended", designs[0], quiet, _trials_of(confirmed), 6)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", console.file.getvalue())  # type: ignore[attr-defined]


def _trials_of(board: Leaderboard) -> dict[str, dict[str, Any]]:
    return {row["trial_id"]: row for row in plain(board, "trials")}


def test_a_pipe_gets_no_colours(confirmed: Leaderboard, capsys: Capture) -> None:
    assert "\x1b" not in top(confirmed, capsys)


def test_a_design_that_is_advised_instead_comes_first(tmp_path: Path, capsys: Capture) -> None:
    board = synthetic_sweep(tmp_path / "worse", trials=30, n_seeds=2)
    worse = replace(board.summary_records()[0].vs_single_task, verdict=Verdict.WORSE.value)
    board.write_summary(
        [replace(row, vs_single_task=worse) if row.chosen else row for row in board.summary_records()]
    )
    shown = top(board, capsys)
    single = next(one for one in board.design_records() if "single_task" in one.arms)
    (chosen,) = (one for one in board.design_records() if one.chosen)
    assert listed(shown)[:2] == [f"> {single.design_id}", f"* {chosen.design_id}"]
    assert "advised instead of the recommended design" in shown
    assert f"Advised {single.design_id}: " in shown


def test_a_search_without_confirmation_says_so(searched: Leaderboard, capsys: Capture) -> None:
    shown = top(searched, capsys)
    assert "nothing is shown yet" in " ".join(shown.split())
    assert "Not confirmed" in shown
    assert "on test" not in shown.split("Designs: ")[1].split("Trials, by")[0]
    best = max(searched.designs().to_pylist(), key=lambda row: row["delta_m"])
    assert listed(shown)[0] == f"* {best['design_id']}"
    assert f"Recommended {best['design_id']}: {best['n_networks']} network" in shown
    for key in best["networks"]:
        assert key in shown


def test_every_task_is_served_or_helps(searched: Leaderboard, capsys: Capture) -> None:
    best = max(searched.designs().to_pylist(maps_as_pydicts="strict"), key=lambda row: row["delta_m"])
    block = top(searched, capsys).split("\nRecommended ")[1].split("Trials, by")[0]
    for task in best["serves"]:
        assert task in block


def test_trials_are_the_best_and_as_many_as_asked_for(searched: Leaderboard, capsys: Capture) -> None:
    rows = searched.trials().to_pylist()
    complete = [row for row in rows if row["state"] == "complete" and math.isfinite(row["mean_gain"])]
    best = sorted(complete, key=lambda row: -row["mean_gain"])
    table = top(searched, capsys, n=4).split("Trials, by mean gain")[1]
    assert re.findall(r"^  (\w+-\d{5}): ", table, re.MULTILINE) == [row["trial_id"] for row in best[:4]]


def test_one_arm_alone(searched: Leaderboard, capsys: Capture) -> None:
    shown = top(searched, capsys, arm="shared_equal")
    assert "shared_equal" in shown
    assert "Best on valid " in shown
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
    assert re.findall(r"^  (search-\d): ", shown, re.MULTILINE) == ["search-1", "search-0"], (
        "what has no gain comes last"
    )


def test_experts_are_told_where_a_network_has_them(
    empty: Leaderboard, searched: Leaderboard, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    sharing = "ple(shared_experts=4, task_experts=2, temperature=0.5, dropout=0.1, start=1)"
    empty.record(synthetic_trial("search-0", sharing=sharing), synthetic_trial("search-1"))
    shown = " ".join(top(empty, capsys).split())
    assert f"search-0: age death by {sharing}" in shown
    assert "search-1: age death by" not in shown
    design = next(one for one in searched.design_records() if one.arm == "shared_equal")
    trials = {row["trial_id"]: row | {"sharing": sharing} for row in plain(searched, "trials")}
    show_networks(plain_console(), "Best", design, None, trials, 6)
    shown = capsys.readouterr().out
    assert f"{design.networks[0]} (equal, {sharing})" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_a_summary_of_designs_that_are_no_more(
    confirmed: Leaderboard, capsys: Capture, tmp_path: Path
) -> None:
    # killed in the confirmation after the budget was extended: new designs, the old summary
    board = Leaderboard(shutil.copytree(confirmed.path, tmp_path / "extended"))
    board.write_designs([design for design in board.design_records() if not design.chosen])
    assert "Best on valid " in top(board, capsys)


@pytest.mark.parametrize("columns", [60, 80])
def test_a_narrow_terminal_holds_it_all(
    confirmed: Leaderboard, capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = top(confirmed, capsys, n=50)
    (export,) = (line for line in shown.splitlines() if "mtl-search export" in line)
    assert export == f"To predict with it: mtl-search export {confirmed.path} model"
    shown = shown.replace(export, "")
    assert max(len(line) for line in shown.splitlines()) <= columns
    assert "…" not in shown
    assert not re.search(r" $", shown, re.MULTILINE), "no blanks at ends"
    trials = shown.split("Trials, by mean gain")[1]
    found = re.findall(r"^  (\S+): ((?:.|\n  (?=[a-z]))*)", trials, re.MULTILINE)
    members = {row["trial_id"]: row["members"] for row in plain(confirmed, "trials")}
    assert len(found) == 50
    everything = len(confirmed.tasks())
    for trial, words in found:
        whole = len(members[trial]) == everything
        assert " ".join(words.split()) == (f"all {everything} tasks" if whole else " ".join(members[trial]))


def test_names_of_any_length_and_script(tmp_path: Path, capsys: Capture, monkeypatch: Any) -> None:
    names = {"age": "身長と体重の比率", "stay": "a" * 70, "death": "größe_in_µm"}
    tasks = [replace(task, name=names.get(task.name, task.name)) for task in HOSPITAL]
    monkeypatch.setenv("COLUMNS", "80")
    shown = top(synthetic_sweep(tmp_path / "x", trials=20, tasks=tasks, n_seeds=2), capsys)
    assert max(cell_len(line) for line in shown.splitlines() if "mtl-search" not in line) <= 80
    block = shown.split("\nRecommended ")[1].split("Trials, by")[0]
    rows = [line for line in block.splitlines() if re.search(r"\[.*\]", line)]
    assert len(rows) == len([task for task in tasks if task.role is Role.MAIN])
    assert len({cell_len(line[: line.index("%")]) for line in rows}) == 1, "below each other"
    for task in tasks:
        assert task.name in shown or task.role is Role.AUXILIARY


def test_trials_that_were_confirmed_have_their_gain_on_test(confirmed: Leaderboard, capsys: Capture) -> None:
    trials = top(confirmed, capsys, n=500).split("Trials, by mean gain")[1]
    gains = {trial: gain for gain, trial in re.findall(r"% +(\S+ %)? .*\n  (\S+): ", trials)}
    single = next(one for one in confirmed.design_records() if "single_task" in one.arms)
    assert {gains[trial] for trial in single.networks} == {"0.00 %"}, "over themselves"
    assert "" in gains.values(), "most are not confirmed"


def test_a_design_is_shown_with_its_gains_on_test(confirmed: Leaderboard, capsys: Capture) -> None:
    block = top(confirmed, capsys).split("\nRecommended ")[1].split("Trials, by")[0]
    for task in (row for row in plain(confirmed, "summary_tasks") if row["chosen"]):
        ends = f"[{task['gain_low']:+z.2f}, {task['gain_high']:+z.2f}]"
        (line,) = (line for line in block.splitlines() if line.split()[:1] == [task["task"]])
        assert f"{task['gain']:+z.2f} % {ends}" in line
        assert line.endswith(f" {task['ensemble_gain']:+z.2f} %")


def test_a_recommended_design_that_was_lost_is_not_called_primary(
    confirmed: Leaderboard, capsys: Capture, tmp_path: Path
) -> None:
    board = Leaderboard(shutil.copytree(confirmed.path, tmp_path / "lost"))
    board.write_summary([row for row in board.summary_records() if not row.chosen])
    flat = " ".join(top(board, capsys).split())
    assert "The recommended design is not among the confirmed" in flat
    assert "nothing is shown yet" in flat
    assert "primary" not in flat.split("Designs: ")[1]


def test_boosted_trees_have_a_line_of_their_own(confirmed: Leaderboard, capsys: Capture) -> None:
    row = max(confirmed.summary_records(), key=lambda row: row.delta_m)
    (design,) = (one for one in confirmed.design_records() if one.design_id == row.design_id)
    said = (Verdict.BETTER.value, Verdict.WORSE.value, *[Verdict.NONE.value] * 3)
    tasks = tuple(replace(task, verdict=word) for task, word in zip(row.tasks, said, strict=True))
    console = plain_console(soft_wrap=True)
    better = replace(row.vs_single_task, verdict=Verdict.BETTER.value)
    show_trees(console, design, replace(row, tasks=tasks, vs_single_task=better))
    show_trees(console, design, None)
    measured, on_valid = capsys.readouterr().out.split("boosted trees")[1:]
    first, second = tasks[:2]
    assert f" on test over single_task: better; better for {first.task}; worse for {second.task}" in " ".join(
        measured.split()
    )
    assert on_valid.strip() == f"({design.design_id}): {percent(design.delta_m)} on valid, not confirmed"


# at the end of a run


def test_the_end_is_what_to_train(confirmed: Leaderboard, capsys: Capture) -> None:
    show_end(confirmed)
    shown = capsys.readouterr().out
    assert f"  mtl-search export {confirmed.path} model " in shown
    last = " ".join(shown.split("--trials N")[1].split())
    for sentence in verdict_sentences(confirmed.design_records(), confirmed.summary_records()):
        assert " ".join(sentence.split()) in last


def test_the_end_says_where_and_what_next(searched: Leaderboard, capsys: Capture) -> None:
    show_end(searched)
    shown = capsys.readouterr().out
    assert f"The results are in {searched.path}: Parquet tables and report.html." in shown
    for command in ("top", "report", "resume"):
        assert f"mtl-search {command} {searched.path}" in shown
    assert "mtl-search export" not in shown, "nothing is confirmed"
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
    assert list(value) == ["advice", "confirmed", "designs", "trials"]
    assert [len(value[name]) for name in ("confirmed", "designs", "trials")] == [7, 7, 7]
    assert value["advice"] == verdict_sentences(confirmed.design_records(), confirmed.summary_records())
    gains = [trial["mean_gain"] for trial in value["trials"]]
    assert gains == sorted(gains, reverse=True)
    assert [design["chosen"] for design in value["designs"]] == [True, *[False] * 6]
    deltas = [design["delta_m"] for design in value["designs"][1:]]
    assert deltas == sorted(deltas, reverse=True)
    everything = as_json(confirmed, n=500)
    assert everything["designs"][-1]["delta_m"] is None, "the control is not known on valid"
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
    assert as_json(empty) == {"advice": [], "confirmed": [], "designs": [], "trials": []}
