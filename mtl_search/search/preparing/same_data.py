"""Whether a sweep goes on with the data and the tasks that it was started with."""

from mtl_search.data import Dataset
from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard, TaskInfo

__all__ = ["check_same_data", "task_infos"]

COMPARED = ("kind", "role", "metric", "weight")


def task_infos(dataset: Dataset) -> list[TaskInfo]:
    """The tasks as the leaderboard keeps them."""
    return [
        TaskInfo(
            task.name, task.kind, task.role, task.metric, task.weight, dataset.test_rows.get(task.name, "")
        )
        for task in dataset.tasks.values()
    ]


def check_same_data(board: Leaderboard, dataset: Dataset, fingerprint: str) -> None:
    """LeaderboardError where ``dataset`` is not of the ``fingerprint`` that the trials of ``board`` have.

    The first thing that differs is named: a task, one of its options, else the data as a whole.
    """
    if fingerprint == dataset.fingerprint:
        return
    before = {row["task"]: row for row in board.tasks().to_pylist()}
    for name in sorted(before.keys() ^ dataset.tasks.keys()):
        found = "none of that name" if name in before else "a task"
        raise _changed(board, f"tasks.{name}", "a task" if name in before else "no such task", found)
    for name, task in dataset.tasks.items():
        row, now = before[name], (task.kind, task.role.value, task.metric.name, task.weight)
        for option, value in zip(COMPARED, now, strict=True):
            was = row[option] if row[option] is not None else 1.0
            if was != value:
                raise _changed(board, f"tasks.{name}.{option}", str(was), str(value))
    place = "the data, its split or an option of a task"
    raise _changed(board, place, fingerprint, f"another fingerprint, {dataset.fingerprint}")


def _changed(board: Leaderboard, place: str, was: str, found: str) -> LeaderboardError:
    hint = "results of both cannot be mixed: start another sweep for it"
    return LeaderboardError(f"{board.path}: {place}", f"{was}, as it was started with", found, hint)
