"""`watch`: a sweep that another process runs, until it ends or nobody works on it any more."""

import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard, only_process
from mtl_search.stores import Opened
from mtl_search.terminal import live
from mtl_search.terminal.observing import observe
from tests.fixtures.boards import TASKS, synthetic_trial

FINISHED = Path(__file__).parents[2] / "results" / "support2"
SWEEP = """\
name: synthetic
data: {source: nowhere.csv}
tasks: {age: regression, death: binary, ward: {kind: multiclass, role: auxiliary}}
budget: {trials: 4, reference_trials: 2, repeats: 0, finalists: 0, seeds: 0}
references: {trees: false, linear: false}
trial: {members: {subset: {min: 1, max: 3}}}
"""
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def board(tmp_path: Path) -> Leaderboard:
    made = Leaderboard.create(tmp_path / "sweep", TASKS)
    (made.path / "sweep.yaml").write_text(SWEEP)
    made.record(synthetic_trial("single_task.age-0", arm="single_task"))
    return made


def age(board: Leaderboard, seconds: float) -> None:
    """As if nothing had happened for so long."""
    os.utime(board.path / "trials.log", (time.time() - seconds,) * 2)


def end(board: Leaderboard, lock: ExitStack) -> None:
    """As its process ends."""
    board.end()
    lock.close()


def test_one_look_in_plain_text(board: Leaderboard, capsys: Capture) -> None:
    with only_process(board.path):
        assert main(["watch", str(board.path), "--once"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("search: 1 of about ")
    assert said.count("\n") == 1


def test_it_follows_until_the_end(
    board: Leaderboard, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LINE_EVERY", 0.0)
    with ExitStack() as lock:
        lock.enter_context(only_process(board.path))
        looks = iter(
            (
                lambda: board.record(synthetic_trial("single_task.age-1", arm="single_task")),
                lambda: age(board, 3600.0),  # a trial may take as long
                lambda: end(board, lock),
            )
        )
        assert observe(Opened(board.path), lambda seconds: next(looks)()) == ""
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" of about ")[0] for line in lines[:2]] == ["search: 1", "search: 2"]


def test_a_lock_that_is_not_seen_here_may_be_held_elsewhere(board: Leaderboard) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        age(board, 30.0 * len(slept))

    assert observe(Opened(board.path), sleep).startswith("nobody seems to work on it: its lock is free")
    assert len(slept) == 2, "a minute"


@pytest.mark.parametrize("once", [[], ["--once"]])
def test_an_abandoned_one_ends_with_a_sentence(board: Leaderboard, capsys: Capture, once: list[str]) -> None:
    age(board, 3600.0)
    assert main(["watch", str(board.path), *once]) == 1
    output, errors = capsys.readouterr()
    assert output.startswith("search: 1 of about ")
    assert errors.startswith("mtl-search: nobody seems to work on it")
    assert "nothing has changed for 1:00:0" in errors
    assert errors.endswith(f"go on with: mtl-search resume {board.path}\n")


def test_a_finished_one_is_shown_as_its_run_showed_it(capsys: Capture) -> None:
    assert main(["watch", str(FINISHED)]) == 0
    output, errors = capsys.readouterr()
    assert output.startswith("confirmation: 247 of 247 trials")
    assert "Next:" in output
    assert errors == ""


def test_no_sweep_is_a_message(tmp_path: Path, capsys: Capture) -> None:
    assert main(["watch", str(tmp_path)]) == 2
    assert "expected the folder of a sweep" in capsys.readouterr().err


@pytest.mark.parametrize("once", [[], ["--once"]])
def test_its_exit_code_is_that_of_the_run(board: Leaderboard, capsys: Capture, once: list[str]) -> None:
    board.end("all of the first 10 trials failed, the last with: \x1b[2Jout of memory")
    assert main(["watch", str(board.path), *once]) == 1
    said = "mtl-search: all of the first 10 trials failed, the last with: [2Jout of memory\n"
    assert capsys.readouterr().err == said
    board.end()
    assert main(["watch", str(board.path), *once]) == 0
