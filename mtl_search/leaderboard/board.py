"""The leaderboard of one sweep: what was measured, as a log and as tables in a folder."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self, final

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard.design_rows import (
    design_rows,
    summary_rows,
    summary_task_rows,
    to_designs,
    to_summary,
)
from mtl_search.leaderboard.ensembles import Ensemble, ensemble_rows
from mtl_search.leaderboard.files import clear_partial, here_alone
from mtl_search.leaderboard.gains import fill_gains, fill_mean_gains, fill_references
from mtl_search.leaderboard.log import SweepLeaves, TrialLog, TrialStart
from mtl_search.leaderboard.opening import LOG_FILE, check_is_sweep
from mtl_search.leaderboard.pace import Pace
from mtl_search.leaderboard.rows import is_whole, logged_tables, to_records
from mtl_search.leaderboard.schema import SCHEMAS, column_rows
from mtl_search.leaderboard.tables import TableFile
from mtl_search.leaderboard.tasks import TaskInfo, task_rows
from mtl_search.leaderboard.trial_tables import TrialTables
from mtl_search.records import DesignRecord, SummaryRecord, TrialRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LOG_FILE", "Leaderboard"]

_SUMMARY = ("summary", "summary_tasks")
_LOOKS = ("inputs", "stages", "examples")  # for those who look at a sweep
_DERIVED = ("designs", "ensembles", *_LOOKS, *_SUMMARY)  # made by a run, at its beginning or end


@final
class Leaderboard:
    """The log and the tables of one sweep; one process records, any number of processes read.

    A trial is there once `record` has returned, whole, and stays whatever stops the process afterwards. What
    is read here is complete at any moment: the tables, and what the log has beyond them. The first write of a
    process mends what an earlier one, a backup or a disk has left of the log and the tables.

    >>> import tempfile
    >>> from mtl_search.records import MetricKind, Role
    >>> folder = Path(tempfile.mkdtemp()) / "sweep"
    >>> age = TaskInfo("age", "regression", Role.MAIN, MetricKind("rmse", higher_is_better=False))
    >>> board = Leaderboard.create(folder, [age])
    >>> len(board.trials()), board.frame("tasks")["metric"].tolist()
    (0, ['rmse'])
    """

    def __init__(self, path: Path | str, publish: Callable[[], object] = here_alone) -> None:
        """Open the leaderboard in folder ``path``; `LeaderboardError` if there is none.

        ``publish`` takes each write, before it counts, to wherever else it is to be.
        """
        self.path = path = Path(path)
        self._log = TrialLog(path / LOG_FILE, publish)
        self._files = {table: TableFile(path, table, publish) for table in SCHEMAS}
        self._trials = TrialTables(self._files, self._log)
        self._recorded: set[str] | None = None  # trials there; None until the first write of this process
        self._behind = False  # whether the log has trials that the tables lack
        self._pace = Pace()
        self._default_metrics: dict[str, str] = {}
        check_is_sweep(path)

    @classmethod
    def create(
        cls, path: Path | str, tasks: Sequence[TaskInfo], publish: Callable[[], object] = here_alone
    ) -> Self:
        """Make an empty leaderboard of ``tasks`` in folder ``path``; other files there are left alone."""
        path, log = Path(path), TrialLog(Path(path) / LOG_FILE, publish)
        files = {table: TableFile(path, table, publish) for table in SCHEMAS}
        if log.exists() or files["trials"].exists():
            raise LeaderboardError(str(path), "no sweep here", "one", "resume it, or name another folder")
        path.mkdir(parents=True, exist_ok=True)
        rows = {name: schema.empty_table() for name, schema in SCHEMAS.items()}
        rows |= {"tasks": task_rows(tasks), "columns": column_rows()}
        for table in SCHEMAS.keys() - {"trials"}:
            files[table].replace(rows[table])
        log.create(rows["tasks"])  # from here on it is a sweep: what was begun before can be redone
        files["trials"].replace(rows["trials"])
        return cls(path, publish)

    def record(self, *trials: TrialRecord) -> None:
        """Add ``trials``; each counts, in every table, once its line of the log is there.

        Raises ``ValueError``, with nothing recorded, for a ``trial_id`` that is there already.
        """
        known = set(recorded := self.recover())
        for trial in trials:
            if trial.trial_id in known:
                raise ValueError(f"trial {trial.trial_id!r} is recorded already")
            known.add(trial.trial_id)
        self._append(trials)
        recorded.update(known)
        self._behind = True
        self.catch_up()

    def start(self, start: TrialStart) -> None:
        """Note a trial that is handed out, so that it can be queued again should it be interrupted."""
        self.recover()
        self._log.add_start(start)

    def stop(self, trial_id: str) -> None:
        """Note that a trial that was handed out is interrupted on request, through no fault of its own."""
        self.recover()
        self._log.add_stop(trial_id)

    def starts(self) -> list[TrialStart]:
        """All trials that were handed out, oldest first; those without a record were interrupted."""
        return self._log.starts()

    def stops(self) -> frozenset[str]:
        """Those of them that were interrupted on request."""
        return self._log.stops()

    def sweep(self) -> SweepLeaves | None:
        """What the sweep file said the last time that the sweep was run; None if that is not known."""
        return self._log.sweep()

    def note_sweep(self, leaves: SweepLeaves) -> None:
        """Note what the sweep file says from now on, if that is not what it said before."""
        self.recover()
        if leaves != self.sweep():
            self._log.add_sweep(leaves)

    def identity(self) -> str:
        """A few letters that tell the sweep from every other of its name; drawn the first time."""
        self.recover()
        return self._log.identity()

    def end(self, without_answer: str | None = None) -> None:
        """Note that the sweep came to its end, if so ``without_answer`` and why."""
        self.recover()
        self._log.add_end(without_answer)

    def catch_up(self) -> None:
        """Write what was recorded to the tables if that is due: it may cost 2 % of the time."""
        if self._behind and self._pace.allows():
            self.flush()

    def flush(self) -> None:
        """Write what was recorded to the tables, now."""
        recorded = self.recover()
        with self._pace.timed():
            self._trials.bring_up_to_date(recorded)
        self._behind = False

    def compact(self) -> None:
        """Make each table as small a file as it can be; who reads the old one at this moment may fail to."""
        self.flush()
        for table in SCHEMAS:
            self._files[table].replace(self.table(table))

    def trials(self, arm: str | None = None) -> pa.Table:
        """Each trial, in the order they were recorded; of one ``arm`` alone if given."""
        rows = self._trials.rows("trials")
        return rows if arm is None else rows.filter(pc.field("arm") == arm)

    def params(self) -> pa.Table:
        """The sampled parameters of all trials, each in the column of its type."""
        return self._trials.rows("params")

    def metrics(self) -> pa.Table:
        """The measured values of all trials."""
        return self._trials.rows("metrics")

    def epochs(self) -> pa.Table:
        """The histories of all trials."""
        return self._trials.rows("epochs")

    def resamples(self) -> pa.Table:
        """The jackknife values: on test of what was confirmed, on valid of replicates and single tasks."""
        return self._trials.rows("resamples")

    def gates(self) -> pa.Table:
        """What the tasks of networks with experts take from each of these."""
        return self._trials.rows("gates")

    def beliefs(self) -> pa.Table:
        """What was believed of the sets of tasks that a strategy chose, before they were trained."""
        return self._trials.rows("beliefs")

    def tasks(self) -> pa.Table:
        """The tasks of the sweep, sorted by name."""
        rows = self._log.tasks()
        return self._rest("tasks") if rows is None else rows

    def designs(self) -> pa.Table:
        """The composed designs of each arm."""
        return self._rest("designs")

    def summary(self) -> pa.Table:
        """The confirmed designs, empty before the confirmation."""
        return self._rest("summary")

    def summary_tasks(self) -> pa.Table:
        """The main tasks of each confirmed design."""
        return self._rest("summary_tasks")

    def ensembles(self) -> pa.Table:
        """What the networks of several seeds reach together on test."""
        return self._rest("ensembles")

    def columns(self) -> pa.Table:
        """What each column of each table means, and in which unit."""
        return column_rows()

    def table(self, name: str) -> pa.Table:
        """A table by its name."""
        rows: pa.Table = self._rest(name) if name in _LOOKS else getattr(self, name)()
        return rows

    def frame(self, table: str) -> "pd.DataFrame":
        """``table`` by its name, for pandas: maps are dicts."""
        if table not in SCHEMAS:
            raise ValueError(f"no table {table!r}; there are {', '.join(SCHEMAS)}")
        frame: pd.DataFrame = self.table(table).to_pandas(maps_as_pydicts="strict")
        return frame

    def records(self, *, whole: bool = False) -> list[TrialRecord]:
        """All trials as records with their metrics; if ``whole``, with all of their other rows too."""
        rest = (self.epochs, self.resamples, self.gates, self.beliefs) if whole else ()
        return to_records(self.trials(), self.metrics(), *(rows() for rows in rest))

    def design_records(self) -> list[DesignRecord]:
        """The composed designs, as they were written: best delta_m on valid first."""
        return to_designs(self.designs())

    def summary_records(self) -> list[SummaryRecord]:
        """The confirmed designs, best delta_m on test first; `LeaderboardError` if half of them is lost."""
        found = to_summary(self.summary(), self.summary_tasks())
        if lost := [one.design_id for one in found if not one.tasks]:
            place, hint = str(self._files["summary_tasks"].path), "resume the sweep, which writes both anew"
            raise LeaderboardError(place, "tasks of each design in summary", f"none of {lost[0]}", hint)
        return found

    def write_designs(self, designs: Sequence[DesignRecord]) -> None:
        """Make ``designs`` the table of designs."""
        self.write("designs", design_rows(designs))

    def write_ensembles(self, ensembles: Sequence[Ensemble]) -> None:
        """Make ``ensembles`` the table of ensembles."""
        self.write("ensembles", ensemble_rows(ensembles, self._defaults()))

    def write_summary(self, summary: Sequence[SummaryRecord]) -> None:
        """Make ``summary`` the table of confirmed designs, with that of their tasks.

        The tasks of older designs stay until these are gone: at no moment is a design without them.
        """
        rows, before = summary_task_rows(summary, self._defaults()), self.summary_tasks()
        older = before.filter(pc.invert(pc.is_in(before["design_id"], value_set=rows["design_id"])))
        self.write("summary_tasks", pa.concat_tables([rows, older]))
        self.write("summary", summary_rows(summary))
        if len(older):
            self.write("summary_tasks", rows)

    def settle(self, references: Mapping[str, float]) -> None:
        """Bring all tables up to date, with gains over ``references``: task to single-task value on valid.

        Gains of default metrics on valid, mean gains of trials and the references of tasks are then those
        over ``references``; a task that is not in it has none.
        """
        self.flush()
        tasks = fill_references(self.tasks(), references)
        self._log.add_tasks(tasks)
        metrics = fill_gains(self.metrics(), tasks)
        trials = fill_mean_gains(self.trials(), metrics, tasks)
        for table, rows in (("tasks", tasks), ("metrics", metrics), ("trials", trials)):
            self._files[table].supersede(rows)

    def recover(self) -> set[str]:
        """Before the first write: make the log whole, and the tables what it says; the recorded trials.

        Trials that the tables have and the log lacks (it is lost, or an older copy) are taken into it; where
        only half of one is left, it is dropped, to be trained again.
        """
        if self._recorded is None:
            for path in (self._log.path, *(file.path for file in self._files.values())):
                clear_partial(path)
            self._log.mend()
            if self._log.tasks() is None:
                self._log.add_tasks(self.tasks())
            logged = {event["finish"] for event in self._log.finished()}
            if set(self.trials()["trial_id"].to_pylist()) - logged:
                lacking = (record for record in self.records(whole=True) if record.trial_id not in logged)
                self._append([record for record in lacking if is_whole(record)])
            self._recorded = {event["finish"] for event in self._log.finished()}
            self._mend()
            self.flush()
        return self._recorded

    def _append(self, trials: Sequence[TrialRecord]) -> None:
        defaults = self._defaults()
        self._log.add_finished({trial.trial_id: logged_tables(trial, defaults) for trial in trials})

    def _mend(self) -> None:
        """Make anew what is lost of the tables whose rows are no trials'; half a summary is none."""
        made = {"tasks": self._log.tasks(), "columns": column_rows()}
        filed = {table: self._trials.filed(table) for table in ("tasks", "columns", *_DERIVED)}
        known = [set(rows["design_id"].to_pylist()) for table in _SUMMARY if (rows := filed[table])]
        if len(known) < len(_SUMMARY) or known[0] - known[1]:
            filed |= dict.fromkeys(_SUMMARY)
        for table, rows in filed.items():
            if rows is None:
                fresh = made.get(table)
                self._files[table].replace(SCHEMAS[table].empty_table() if fresh is None else fresh)

    def _defaults(self) -> dict[str, str]:
        """The default metric of each task, which never changes: a log is long to read through."""
        if not self._default_metrics:
            tasks = self.tasks()
            columns = (tasks[name].to_pylist() for name in ("task", "metric"))
            self._default_metrics = dict(zip(*columns, strict=True))
        return self._default_metrics

    def _rest(self, table: str) -> pa.Table:
        """The rows of a table whose rows are no trials'; empty if it is lost."""
        rows = self._files[table].read()
        return SCHEMAS[table].empty_table() if rows is None else rows

    def write(self, table: str, rows: pa.Table) -> None:
        """Make ``rows`` the whole of ``table``."""
        self.recover()
        self._files[table].supersede(rows)
