"""The leaderboard of one sweep: what was measured, as tables in a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard.gains import fill_gains, fill_mean_gains, fill_references
from mtl_search.leaderboard.parts import PartFolder
from mtl_search.leaderboard.rows import epoch_rows, metric_rows, resample_rows, to_records, trial_rows
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import MetricKind, Role, TrialRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Leaderboard", "TaskInfo"]

_OF_TRIALS = ("metrics", "epochs", "resamples")  # tables whose rows count only with their trial


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """What a reader of the tables must know of a task; ``weight``: how much it counts in delta_m."""

    name: str
    kind: str
    role: Role
    metric: MetricKind
    weight: float = 1.0


class Leaderboard:
    """The tables of one sweep; one process records, any number of processes read.

    A trial is there once `record` has returned, whole, and stays whatever stops the process afterwards. The
    first write of a process clears away what an earlier one left half done.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "sweep"
    >>> age = TaskInfo("age", "regression", Role.MAIN, MetricKind("rmse", higher_is_better=False))
    >>> board = Leaderboard.create(folder, [age])
    >>> len(board.trials()), board.frame("tasks")["metric"].tolist()
    (0, ['rmse'])
    """

    def __init__(self, path: Path | str) -> None:
        """Open the leaderboard in folder ``path``; `LeaderboardError` where there is none."""
        self.path = path = Path(path)
        self._folders = {table: PartFolder(path / table, table) for table in SCHEMAS}
        self._recorded: set[str] | None = None  # trials there; None until the first write of this process
        if not path.is_dir():
            raise LeaderboardError(str(path), "the folder of a sweep", "no such folder")
        if missing := [table for table, folder in self._folders.items() if not folder.exists()]:
            raise LeaderboardError(str(path), "the folder of a sweep", f"one without table {missing[0]!r}")

    @classmethod
    def create(cls, path: Path | str, tasks: Sequence[TaskInfo]) -> Self:
        """Make an empty leaderboard of ``tasks`` in folder ``path``; other files there are left alone."""
        path = Path(path)
        if PartFolder(path / "trials", "trials").exists():
            raise LeaderboardError(str(path), "no sweep here", "one", "resume it, or name another folder")
        rows = {name: schema.empty_table() for name, schema in SCHEMAS.items()} | {"tasks": _task_rows(tasks)}
        for table in (*(SCHEMAS.keys() - {"trials"}), "trials"):  # trials last: what was begun can be redone
            PartFolder(path / table, table).create(rows[table])
        return cls(path)

    def record(self, *trials: TrialRecord) -> None:
        """Add ``trials``, together; they count once their rows of ``trials`` are there, which come last.

        Raises ``ValueError`` for a ``trial_id`` that is there already.
        """
        recorded = self._recover()
        known = set(recorded)
        for trial in trials:
            if trial.trial_id in known:
                raise ValueError(f"trial {trial.trial_id!r} is recorded already")
            known.add(trial.trial_id)
        parts: list[Path] = []
        try:
            for table, to_rows in zip(_OF_TRIALS, (metric_rows, epoch_rows, resample_rows), strict=True):
                if len(rows := to_rows(trials)):
                    parts.append(self._folders[table].append(rows))
            self._folders["trials"].append(trial_rows(trials))
        except Exception:  # an interrupt leaves them: without their trial they do not count
            for part in parts:
                part.unlink()
            raise
        recorded.update(known)
        for table in ("trials", *_OF_TRIALS):
            self._folders[table].merge()

    def trials(self, arm: str | None = None) -> pa.Table:
        """Each trial, in the order they were recorded; of one ``arm`` alone where given."""
        table = self._folders["trials"].read()
        return table if arm is None else table.filter(pc.field("arm") == arm)

    def metrics(self) -> pa.Table:
        """The measured values of all trials."""
        return self._of_trials("metrics")

    def epochs(self) -> pa.Table:
        """The histories of all trials."""
        return self._of_trials("epochs")

    def resamples(self) -> pa.Table:
        """The jackknife values of the confirmation's trials."""
        return self._of_trials("resamples")

    def tasks(self) -> pa.Table:
        """The tasks of the sweep, sorted by name."""
        return self._folders["tasks"].read()

    def designs(self) -> pa.Table:
        """The composed designs of each arm."""
        return self._folders["designs"].read()

    def summary(self) -> pa.Table:
        """The confirmed designs, empty before the confirmation."""
        return self._folders["summary"].read()

    def frame(self, table: str) -> "pd.DataFrame":
        """``table`` by its name, for pandas: maps are dicts."""
        if table not in SCHEMAS:
            raise ValueError(f"no table {table!r}; there are {', '.join(SCHEMAS)}")
        rows = getattr(self, table)()
        frame: pd.DataFrame = rows.to_pandas(maps_as_pydicts="strict")
        return frame

    def records(self) -> list[TrialRecord]:
        """All trials as records with their metrics, without history and resamples."""
        trials = self.trials()
        return to_records(trials, self.metrics())

    def write_designs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make ``rows`` (columns as in the schema) the table of designs."""
        self._write("designs", rows)

    def write_summary(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make ``rows`` (columns as in the schema) the table of confirmed designs."""
        self._write("summary", rows)

    def compact(self, references: Mapping[str, float] | None = None) -> None:
        """Make each table one file; with ``references`` (task to single-task value on valid), fill the gains.

        Gains of default metrics on valid, mean gains of trials and the references of tasks are then those
        over ``references``; a task that is not in it has none.
        """
        self._recover()
        tasks, trials, metrics = self.tasks(), self.trials(), self.metrics()
        if references is not None:
            tasks = fill_references(tasks, references)
            metrics = fill_gains(metrics, tasks)
            trials = fill_mean_gains(trials, metrics, tasks)
        self._folders["tasks"].replace(tasks)
        self._folders["metrics"].replace(metrics)
        self._folders["epochs"].replace(self.epochs())
        self._folders["resamples"].replace(self.resamples())
        self._folders["trials"].replace(trials)

    def _of_trials(self, table: str) -> pa.Table:
        """The rows of ``table`` that belong to a trial.

        Trials are read first: what is recorded meanwhile is then left out whole, not by half.
        """
        trial_ids = self._folders["trials"].read(["trial_id"])["trial_id"]
        rows = self._folders[table].read()
        return rows.filter(pc.is_in(rows["trial_id"], value_set=trial_ids.combine_chunks()))

    def _write(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make ``rows`` the whole of ``table``."""
        self._recover()
        if unknown := {name for row in rows for name in row} - set(SCHEMAS[table].names):
            raise ValueError(f"table {table!r} has no column {min(unknown)!r}")
        listed = [{name: _plain(value) for name, value in row.items()} for row in rows]
        self._folders[table].replace(pa.Table.from_pylist(listed, schema=SCHEMAS[table]))

    def _recover(self) -> set[str]:
        """The recorded trials; before the first write, what a stopped process left half done is removed."""
        if self._recorded is None:
            for folder in self._folders.values():
                folder.recover()
            trial_ids = self._folders["trials"].read(["trial_id"])["trial_id"].combine_chunks()
            for table in _OF_TRIALS:
                self._folders[table].drop_parts_without(trial_ids)
            self._recorded = set(trial_ids.to_pylist())
        return self._recorded


def _task_rows(tasks: Sequence[TaskInfo]) -> pa.Table:
    rows = [
        {
            "task": task.name,
            "kind": task.kind,
            "role": task.role.value,
            "metric": task.metric.name,
            "higher_is_better": task.metric.higher_is_better,
            "floor": task.metric.floor,
            "reference": float("nan"),
            "weight": task.weight,
        }
        for task in sorted(tasks, key=lambda task: task.name)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["tasks"])


def _plain(value: Any) -> Any:
    """``value`` as pyarrow takes it: a mapping as pairs."""
    return list(value.items()) if isinstance(value, Mapping) else value
