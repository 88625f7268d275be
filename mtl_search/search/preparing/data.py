"""The data of a sweep: loaded or given, and the same in a resume as at the start."""

from pathlib import Path

from mtl_search.data import Dataset, load_dataset
from mtl_search.errors import DataError, LeaderboardError
from mtl_search.leaderboard import Leaderboard, TaskInfo
from mtl_search.records import Role
from mtl_search.sweep.spec import SweepSpec

__all__ = ["check_same_data", "dataset_of", "task_infos"]

COMPARED = ("kind", "role", "metric", "weight")


def dataset_of(spec: SweepSpec, given: Dataset | None, results: Path) -> Dataset:
    """``given``, else what the sweep describes; DataError if it lacks test rows or has other tasks.

    Below ``results``, the folder of the sweeps' folders, are rows that are larger than memory.
    """
    if given is None:
        return load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base, results=results)
    tasks = spec.settings.tasks.items()
    wanted = {name: (task.kind, task.role) for name, task in tasks if name not in given.left_out}
    found = {name: (task.kind, task.role) for name, task in given.tasks.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise DataError(f"dataset: task {name!r}", _listed(wanted.get(name)), _listed(found.get(name)))
    if given.test is None:
        raise DataError("dataset", "test rows, which the confirmation reads", "none")
    return given


def _listed(task: tuple[str, Role] | None) -> str:
    return "no such task" if task is None else f"a {task[0]} task with role {task[1].value}"


def task_infos(dataset: Dataset) -> list[TaskInfo]:
    """The tasks as the leaderboard keeps them."""
    return [
        TaskInfo(
            task.name, task.kind, task.role, task.metric, task.weight, dataset.test_rows.get(task.name, "")
        )
        for task in dataset.tasks.values()
    ]


def check_same_data(board: Leaderboard, dataset: Dataset, fingerprint: str) -> None:
    """LeaderboardError if ``dataset`` is not of the ``fingerprint`` that the trials of ``board`` have.

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
