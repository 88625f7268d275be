from pathlib import Path

import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import LOG_FILE, Leaderboard, Standing, only_process, standing
from tests.fixtures.boards import TASKS, synthetic_trial


@pytest.fixture
def board(tmp_path: Path) -> Leaderboard:
    return Leaderboard.create(tmp_path / "sweep", TASKS)


def test_a_sweep_that_nobody_runs_and_that_has_no_end_is_interrupted(board: Leaderboard) -> None:
    assert standing(board.path) is Standing.INTERRUPTED
    board.record(synthetic_trial("a"))
    assert standing(board.path) is Standing.INTERRUPTED


def test_it_runs_while_a_process_holds_it_whoever_looks(board: Leaderboard) -> None:
    with only_process(board.path):
        assert standing(board.path) is Standing.RUNNING
        with pytest.raises(LeaderboardError, match="another process at work"), only_process(board.path):
            pass
        assert standing(board.path) is Standing.RUNNING
    assert standing(board.path) is Standing.INTERRUPTED


@pytest.mark.parametrize("why", [None, "no design was confirmed: " + "x" * 9_000])
def test_it_is_done_until_something_is_begun(board: Leaderboard, why: str | None) -> None:
    board.record(synthetic_trial("a"))
    board.end(why)
    assert standing(board.path) is Standing.DONE
    assert Leaderboard(board.path).trials()["trial_id"].to_pylist() == ["a"]
    board.record(synthetic_trial("b"))
    assert standing(board.path) is Standing.INTERRUPTED


def test_looking_leaves_nothing_behind(board: Leaderboard) -> None:
    before = sorted(board.path.iterdir())
    standing(board.path)
    assert sorted(board.path.iterdir()) == before


def test_tables_without_a_log_are_of_a_sweep_that_is_done(board: Leaderboard) -> None:
    (board.path / LOG_FILE).unlink()
    assert standing(board.path) is Standing.DONE
