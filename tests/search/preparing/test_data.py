"""A sweep goes on with its own data and tasks, and says what else it found."""

from pathlib import Path

import pytest

from mtl_search.data import Dataset
from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard
from mtl_search.search.preparing.data import check_same_data, task_infos
from tests.fixtures.data import tiny_dataset

TASKS: dict[str, object] = {"ill": "binary", "cost": "regression"}


def started(folder: Path) -> tuple[Leaderboard, str]:
    dataset = tiny_dataset(tasks=TASKS)
    return Leaderboard.create(folder / "s", task_infos(dataset)), dataset.fingerprint


def changed(**tasks: object) -> Dataset:
    return tiny_dataset(tasks={name: kind for name, kind in {**TASKS, **tasks}.items() if kind})


def test_the_same_data_is_taken(tmp_path: Path) -> None:
    check_same_data(started(tmp_path)[0], changed(), started(tmp_path / "again")[1])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            changed(cost={"kind": "regression", "metric": "mae"}),
            "cost.metric: expected rmse, .* found mae",
        ),
        (changed(ill="multiclass"), "tasks.ill.kind: expected binary, .* found multiclass"),
        (
            changed(cost={"kind": "regression", "weight": 0.5}),
            r"cost.weight: expected 1.0, .* found 0.5",
        ),
        (changed(ill=None), "tasks.ill: expected a task, .* found none of that name"),
        (changed(stage="multiclass"), "tasks.stage: expected no such task, .* found a task"),
        (changed(ill={"kind": "binary", "pos_weight": 2.0}), "the data, its split or an option of a task"),
        (tiny_dataset(tasks=TASKS, seed=1), "the data, its split or an option of a task: .*fingerprint"),
    ],
)
def test_what_has_changed_is_named(tmp_path: Path, other: Dataset, said: str) -> None:
    board, fingerprint = started(tmp_path)
    with pytest.raises(LeaderboardError, match=said) as error:
        check_same_data(board, other, fingerprint)
    assert "start another sweep" in str(error.value)


def test_the_test_rows_of_a_task_are_stored(tmp_path: Path) -> None:
    board, _ = started(tmp_path)
    rows = {row["task"]: row["test_rows"] for row in board.tasks().to_pylist()}
    assert rows == tiny_dataset(tasks=TASKS).test_rows
    alone = tiny_dataset(tasks={"cost": "regression"})
    assert alone.test_rows["cost"] != rows["cost"], "another choice of columns without a key moves rows"
