"""run_sweep and resume_sweep: from a checked sweep to its tables."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mtl_search.analysis import summarise
from mtl_search.data import Dataset, load_dataset
from mtl_search.errors import DataError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Role
from mtl_search.search.budget.hours import Hours
from mtl_search.search.designs.composing import design_rows
from mtl_search.search.designs.finalists import with_controls
from mtl_search.search.designs.plans import NetworkPlan, PlannedTraining
from mtl_search.search.designs.untried import Untried
from mtl_search.search.ending import cut_short, nothing_confirmed
from mtl_search.search.executors import Demands, Executor, open_executor
from mtl_search.search.jobs import JobSource
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.catch_up import CatchUp, until_settled
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.confirmation import Confirmation
from mtl_search.search.phases.replication import Replication
from mtl_search.search.phases.retraining import Retraining
from mtl_search.search.phases.sequence import Phases
from mtl_search.search.preparing.constraints import check_constraints
from mtl_search.search.preparing.extending import check_room, extended
from mtl_search.search.preparing.folder import is_free, make_folder, only_process, taken
from mtl_search.search.preparing.gpu_memory import gpu_memory
from mtl_search.search.preparing.own_modules import own_trunks
from mtl_search.search.preparing.same_data import check_same_data, task_infos
from mtl_search.search.snapshot import Snapshot, take, take_retraining
from mtl_search.search.studies.journal import Journal
from mtl_search.sweep.file import SWEEP_FILE, save_sweep, with_changes
from mtl_search.sweep.spec import SweepSpec, load_sweep

__all__ = ["SweepResult", "Watch", "resume_sweep", "run_sweep"]


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How a run of a sweep ended; ``hopeless`` says why it has no answer, where it ended without one."""

    path: Path
    interrupted: bool
    hopeless: str | None

    @property
    def board(self) -> Leaderboard:
        """Its tables."""
        return Leaderboard(self.path)


LeftOver = tuple[list[Untried], list[PlannedTraining]]


class Watch:
    """What a run tells whoever watches it; does nothing. Replaced as a whole by the command line's."""

    def started(self, spec: SweepSpec, dataset: Dataset, executor: Executor, path: Path) -> None:
        """Everything is checked and the first trial is about to be placed."""

    def changed(self, snapshot: Snapshot) -> None:
        """A trial started or ended."""


def run_sweep(
    spec: SweepSpec,
    results: Path | str = "results",
    *,
    name: str | None = None,
    trials: int | None = None,
    hours: float | None = None,
    dataset: Dataset | None = None,
    inline: bool = False,
    address: str | None = None,
    watch: Watch | None = None,
) -> SweepResult:
    """Run a new sweep in ``results/<name>``; nothing is written before all input is checked.

    ``name`` and ``trials`` or ``hours`` replace what the sweep file says; ``dataset`` is used in place of
    what ``data:`` describes, and a resume needs it again. Raises UserError where data or resources cannot be
    used or the folder exists already.
    """
    began = time.monotonic()
    if any(change is not None for change in (name, trials, hours)):
        spec = with_changes(spec, name=name, trials=trials, hours=hours)
    path = Path(results) / spec.settings.name
    if not is_free(path):
        raise taken(path)
    dataset = _dataset(spec, dataset)
    judged = spec.of_tasks(dataset.tasks)
    check_constraints(judged, dataset)
    resources, demands = spec.settings.resources, _demands(judged, dataset)
    with open_executor(resources, demands, inline=inline, address=address) as executor:
        make_folder(path)
        with only_process(path):
            if not is_free(path):  # any more
                raise taken(path)
            save_sweep(spec, path)
            board = Leaderboard.create(path, task_infos(dataset))
            return _run(judged, dataset, executor, board, watch or Watch(), began)


def resume_sweep(
    path: Path | str,
    *,
    trials: int | None = None,
    hours: float | None = None,
    references: bool = False,
    dataset: Dataset | None = None,
    inline: bool = False,
    address: str | None = None,
    watch: Watch | None = None,
) -> SweepResult:
    """Go on with the sweep in folder ``path``, with a new budget where ``trials`` or ``hours`` says so.

    It is for the search and the user's arms, and with ``references`` for the reference arms too (`extended`
    says how); what was used before is part of it. ``dataset`` as it was given to ``run_sweep``. Raises
    UserError where the folder holds no sweep, or its data has changed since.
    """
    began, path = time.monotonic(), Path(path)
    board = Leaderboard(path)
    spec = load_sweep(path / SWEEP_FILE)
    dataset = _dataset(spec, dataset)
    records = board.records()
    if records:
        check_same_data(board, dataset, records[0].data)
    spec = extended(spec, records, trials=trials, hours=hours, references=references)
    with (
        open_executor(
            spec.settings.resources,
            _demands(spec.of_tasks(dataset.tasks), dataset),
            inline=inline,
            address=address,
        ) as executor,
        only_process(path),
    ):
        if hours is not None:
            check_room(records, hours, executor.slots)
        save_sweep(spec, path)
        return _run(spec.of_tasks(dataset.tasks), dataset, executor, board, watch or Watch(), began)


def _dataset(spec: SweepSpec, given: Dataset | None) -> Dataset:
    """The data of a sweep; DataError where the user's own lacks test rows or has other tasks."""
    if given is None:
        return load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    tasks = spec.settings.tasks.items()
    wanted = {name: (task.kind, task.role) for name, task in tasks if name not in given.left_out}
    found = {name: (task.kind, task.role) for name, task in given.tasks.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise DataError(f"dataset: task {name!r}", _told(wanted.get(name)), _told(found.get(name)))
    if given.test is None:
        raise DataError("dataset", "test rows, which the confirmation reads", "none")
    return given


def _demands(spec: SweepSpec, dataset: Dataset) -> Demands:
    return Demands(own_trunks(spec), lambda: gpu_memory(spec, dataset))


def _told(task: tuple[str, Role] | None) -> str:
    return "no such task" if task is None else f"a {task[0]} task with role {task[1].value}"


def _run(
    spec: SweepSpec, dataset: Dataset, executor: Executor, board: Leaderboard, watch: Watch, began: float
) -> SweepResult:
    """The sweep; a second Ctrl-C, which stops it anywhere, leaves what was recorded."""
    try:
        return _search_and_confirm(spec, dataset, executor, board, watch, began)
    except KeyboardInterrupt:
        return SweepResult(board.path, interrupted=True, hopeless=None)


def _search_and_confirm(
    spec: SweepSpec, dataset: Dataset, executor: Executor, board: Leaderboard, watch: Watch, began: float
) -> SweepResult:
    """All arms, the designs they make, and their confirmation."""
    metrics = {name: task.metric for name, task in dataset.tasks.items() if name in spec.settings.main_tasks}
    ledger = Ledger(board, metrics)
    watch.started(spec, dataset, executor, board.path)
    conductor, searched, last, left_over = _search(
        spec, dataset.without_test(), executor, ledger, watch, began
    )
    if searched:
        ledger.settle_references()
    designs = design_rows(spec, ledger, final=searched)
    networks = with_controls(designs, spec.settings, ledger, dataset) if searched else []
    board.write_designs(designs)
    interrupted = conductor.hopeless is None and (
        not searched or _confirm(spec, dataset, executor, ledger, networks, watch, last, conductor.hours)
    )
    board.settle({task: value for task, value in ledger.yardsticks.items() if math.isfinite(value)})
    tables = ("trials", "metrics", "resamples", "designs", "tasks", "summary")
    notes = cut_short(spec.settings.budget, ledger, *left_over)
    summary = summarise(*[board.frame(name) for name in tables], notes=notes)
    board.write_summary(summary)
    hopeless = conductor.hopeless
    if hopeless is None and not interrupted and not summary and spec.settings.budget.confirms:
        hopeless = nothing_confirmed(designs, board.records())
    return SweepResult(board.path, interrupted, hopeless)


def _search(
    spec: SweepSpec, visible: Dataset, executor: Executor, ledger: Ledger, watch: Watch, began: float
) -> tuple[Conductor, bool, Snapshot, LeftOver]:
    """Train all arms; then references catch up and promising designs are replicated until neither changes
    anything, or there is no time for more. Whether that came to its end, how it looks then, and what catch-up
    and replication would have gone on with. ``visible`` has no test rows."""
    before = len(ledger.records)
    journal = Journal(ledger.board.path / "journal.log")
    slots, bfloat16 = executor.slots, executor.has_bfloat16
    conductor = Conductor(spec, visible, ledger, journal, slots=slots, bfloat16=bfloat16, began=began)
    replication = Replication(spec, visible, ledger, conductor.hours)
    catch_up = CatchUp(conductor, replication)
    replicating = math.nan  # since when
    ended = False

    def look() -> Snapshot:
        searched = take(conductor, began, before)
        return take_retraining(replication, searched, replicating, 0) if replication.planned else searched

    def rest() -> Iterator[JobSource]:
        nonlocal replicating, ended
        if conductor.hopeless is not None:
            return
        for source in until_settled(conductor, catch_up, replication):
            if source is replication and math.isnan(replicating):
                replicating = time.monotonic()
            yield source
            if conductor.interrupted or conductor.hopeless is not None or replication.interrupted:
                return
        ended = True

    conductor.on_change(lambda: watch.changed(look()))
    replication.on_change(lambda: watch.changed(look()))
    executor.run(Phases(conductor, rest()), visible)
    left_over = (catch_up.left(), replication.left()) if ended and conductor.hours else ([], [])
    return conductor, ended, look(), left_over


def _confirm(
    spec: SweepSpec,
    dataset: Dataset,
    executor: Executor,
    ledger: Ledger,
    networks: list[NetworkPlan],
    watch: Watch,
    last: Snapshot,
    hours: Hours | None,
) -> bool:
    """Train finalists and controls on new seeds and read test; whether it was interrupted."""
    confirmation = Confirmation(spec.settings, dataset, ledger, networks, hours)
    if hours is not None:
        hours.confirming()
    if confirmation.done < confirmation.planned:
        _show(confirmation, watch, last)
        executor.run(confirmation, dataset)
    return confirmation.interrupted


def _show(retraining: Retraining, watch: Watch, before: Snapshot) -> None:
    """Tell ``watch`` of each change of ``retraining``, which begins now."""
    began, done = time.monotonic(), retraining.done
    retraining.on_change(lambda: watch.changed(take_retraining(retraining, before, began, done)))
