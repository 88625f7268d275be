"""What one sweep advises against what another does."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mtl_search.analysis.across import compare_sweeps, same_test_rows
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, Role
from tests.fixtures.boards import TASKS
from tests.fixtures.hospital import HOSPITAL
from tests.fixtures.sweeps import synthetic_sweep


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return synthetic_sweep(tmp_path_factory.mktemp("results") / "x", trials=20, n_seeds=4)


def copied(board: Leaderboard, path: Path) -> Leaderboard:
    shutil.copytree(board.path, path)
    return Leaderboard(path)


def recommending(board: Leaderboard, arm: str, path: Path) -> Leaderboard:
    """A copy that recommends a design of ``arm``."""
    copy = copied(board, path)
    key = next(one.design_id for one in board.design_records() if arm in one.arms)
    copy.write_designs([replace(one, chosen=one.design_id == key) for one in board.design_records()])
    copy.write_summary([replace(one, chosen=one.design_id == key) for one in board.summary_records()])
    return copy


def test_a_sweep_differs_in_nothing_from_itself(board: Leaderboard) -> None:
    for across in compare_sweeps([board, board, board]):
        assert across.why_not is None
        assert (across.n_seeds, across.difference.difference, across.difference.p) == (4, 0.0, 1.0)
        assert {one.difference for one in across.by_task.values()} == {0.0}


def test_the_difference_is_that_within_a_sweep(board: Leaderboard, tmp_path: Path) -> None:
    single = recommending(board, "single_task", tmp_path / "single")
    (chosen,) = (row for row in board.summary_records() if row.chosen)
    (across,) = compare_sweeps([single, board])
    within, found = chosen.vs_single_task, across.difference
    assert (found.difference, found.low, found.high) == pytest.approx(
        (within.difference, within.low, within.high)
    )
    assert (found.p, found.smallest) == pytest.approx((within.p, within.smallest))
    for task in chosen.tasks:
        assert across.by_task[task.task].difference == pytest.approx(task.gain)
        assert across.by_task[task.task].p_corrected == pytest.approx(task.p_holm)
    turned = compare_sweeps([board, single, single])
    assert [one.difference.difference for one in turned] == [pytest.approx(-within.difference)] * 2
    assert turned[0].difference.p_corrected == pytest.approx(min(1, 2 * turned[0].difference.p)), "Holm"


def other_data(board: Leaderboard, path: Path) -> Leaderboard:
    other = Leaderboard.create(path, HOSPITAL)
    other.record(*(replace(one, data="f" * 16) for one in board.records(whole=True)[:3]))
    return other


def empty(board: Leaderboard, path: Path) -> Leaderboard:
    return Leaderboard.create(path, HOSPITAL)


def other_tasks(board: Leaderboard, path: Path) -> Leaderboard:
    return Leaderboard.create(path, TASKS[:1])


def other_roles(board: Leaderboard, path: Path) -> Leaderboard:
    tasks = [replace(HOSPITAL[0], role=Role.AUXILIARY), *HOSPITAL[1:]]
    other = Leaderboard.create(path, tasks)
    other.record(*board.records(whole=True)[:3])
    return other


def unconfirmed(board: Leaderboard, path: Path) -> Leaderboard:
    other = Leaderboard.create(path, HOSPITAL)
    other.record(*board.records(whole=True)[:3])
    return other


def other_seeds(board: Leaderboard, path: Path) -> Leaderboard:
    other = Leaderboard.create(path, HOSPITAL)
    again = [one for one in board.records(whole=True) if one.phase == Phase.CONFIRMATION]
    rest = [one for one in board.records(whole=True) if one.phase != Phase.CONFIRMATION]
    other.record(*rest, *(replace(one, seed=one.seed + 100) for one in again))
    other.write_designs(board.design_records())
    other.write_summary(board.summary_records())
    return other


def without_resamples(board: Leaderboard, path: Path) -> Leaderboard:
    other = Leaderboard.create(path, HOSPITAL)
    other.record(*(replace(one, resamples=()) for one in board.records(whole=True)))
    other.write_designs(board.design_records())
    other.write_summary(board.summary_records())
    return other


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (other_tasks, "no task in common"),
        (empty, "one of them has no trial yet"),
        (other_data, "other data, another split or other tasks"),
        (other_roles, "main tasks are others"),
        (unconfirmed, "has not confirmed what it advises"),
        (other_seeds, "other seeds, which sampler.seed"),
        (without_resamples, "test was resampled in one of them"),
    ],
)
def test_what_cannot_be_compared_says_why(
    board: Leaderboard, tmp_path: Path, make: Callable[[Leaderboard, Path], Leaderboard], why: str
) -> None:
    (across,) = compare_sweeps([board, make(board, tmp_path / "other")])
    assert why in str(across.why_not)
    assert across.difference.verdict is None
    assert across.by_task == {}


def test_tasks_on_the_same_test_rows(tmp_path: Path) -> None:
    def sweep(name: str, *test_rows: str) -> Leaderboard:
        tasks = [replace(task, test_rows=rows) for task, rows in zip(TASKS, test_rows, strict=False)]
        return Leaderboard.create(tmp_path / name, tasks)

    boards = [sweep("one", "a", "b"), sweep("old", "", ""), sweep("other", "a", "c"), sweep("same", "a")]
    assert same_test_rows(boards) == [{"age", "death"}, {"age", "death"}, {"age"}, {"age"}]
