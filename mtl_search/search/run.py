"""run_sweep and resume_sweep: what is checked and set up before a sweep takes its course."""

import platform
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from optuna.storages import RDBStorage

from mtl_search.data import Dataset
from mtl_search.leaderboard import Leaderboard, place_of
from mtl_search.search.course import Course, SweepResult, Watch
from mtl_search.search.executors import Demands, Executor
from mtl_search.search.executors.opening import open_executor
from mtl_search.search.preparing.constraints import check_constraints
from mtl_search.search.preparing.data import check_same_data, dataset_of, task_infos
from mtl_search.search.preparing.edited import changes_since
from mtl_search.search.preparing.extending import check_room, extended
from mtl_search.search.preparing.gpu_memory import gpu_memory
from mtl_search.search.preparing.judging import judged_by
from mtl_search.search.preparing.own_modules import own_parts
from mtl_search.search.preparing.teams import check_teams
from mtl_search.search.studies.connecting import connected, lost
from mtl_search.search.studies.journal import JOURNAL_FILE, Journal
from mtl_search.search.studies.mirror import Mirror
from mtl_search.stores import Home, home_at, new_home
from mtl_search.sweep.file import SWEEP_FILE, leaves, save_sweep, with_changes
from mtl_search.sweep.spec import SweepSpec, load_sweep
from mtl_search.tasks.metrics import import_torchmetrics

__all__ = ["resume_sweep", "run_sweep"]


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
    dashboard: bool = True,
    watch: Watch | None = None,
) -> SweepResult:
    """Run a new sweep in ``results/<name>``; nothing is written before all input is checked.

    ``results`` is a folder or a URI. ``name`` and ``trials`` or ``hours`` replace what the sweep file says;
    ``dataset`` is used in place of what ``data:`` describes, and a resume needs it again. ``inline``: without
    Ray; ``address``: of a running cluster; ``dashboard``: whether a local one has Ray's dashboard. Raises
    UserError if data or resources cannot be used or the folder exists already.
    """
    began = time.monotonic()
    _import_alone()
    if any(change is not None for change in (name, trials, hours)):
        spec = with_changes(spec, name=name, trials=trials, hours=hours)
    home = new_home(results, spec.settings.name)
    home.check_free()
    dataset = dataset_of(spec, dataset, home.folder.parent)
    judged, dataset = judged_by(spec, dataset)
    check_constraints(judged, dataset)
    check_teams(judged, dataset)
    with (
        connected(spec) as storage,
        _open(judged, dataset, inline, address, dashboard) as executor,
        home.alone(new=True),
    ):
        home.check_free()  # any more
        save_sweep(spec, home.folder)
        board = Leaderboard.create(home.folder, task_infos(dataset), home.publish)
        board.note_sweep(leaves(spec))
        return _run(judged, dataset, executor, board, home, storage, watch, began)


def resume_sweep(
    path: Path | str,
    *,
    trials: int | None = None,
    hours: float | None = None,
    references: bool = False,
    dataset: Dataset | None = None,
    inline: bool = False,
    address: str | None = None,
    dashboard: bool = True,
    watch: Watch | None = None,
) -> SweepResult:
    """Go on with the sweep in ``path``, with a new budget if ``trials`` or ``hours`` says so.

    ``path`` is a folder or a URI. The budget is for the search and the user's arms, and with ``references``
    for the reference arms too (`extended` says how); what was used before is part of it. ``dataset`` as it
    was given to ``run_sweep``. Raises UserError if no sweep is there, or its data has changed since.
    """
    began, home = time.monotonic(), home_at(path)
    _import_alone()
    with home.alone(new=False):
        board = Leaderboard(home.folder, home.publish)
        spec = load_sweep(home.folder / SWEEP_FILE)
        dataset = dataset_of(spec, dataset, home.folder.absolute().parent)
        records = board.records()
        if records:
            check_same_data(board, dataset, records[0].data)
        changes = changes_since(board, spec, records)
        spec = extended(spec, records, trials=trials, hours=hours, references=references)
        judged, dataset = judged_by(spec, dataset)
        check_constraints(judged, dataset)  # the file may have been edited
        check_teams(judged, dataset)
        with connected(spec) as storage, _open(judged, dataset, inline, address, dashboard) as executor:
            if hours is not None:
                check_room(records, hours, executor.slots)
            save_sweep(spec, home.folder)
            board.note_sweep(leaves(spec))
            if watch is not None and changes:
                watch.edited(changes)
            return _run(judged, dataset, executor, board, home, storage, watch, began)


def _import_alone() -> None:
    """Import what PyTorch imports at its first use, before another thread's sweep imports anything else.

    The import goes through modules that must not change meanwhile ("dictionary changed size during
    iteration"). Counting the cost of a network, which every sweep begins with, is that first use.
    """
    import torch._dynamo  # noqa: F401

    import_torchmetrics()  # whose first use is in a trial


def _open(
    spec: SweepSpec, dataset: Dataset, inline: bool, address: str | None, dashboard: bool
) -> AbstractContextManager[Executor]:
    demands = Demands(own_parts(spec), lambda: gpu_memory(spec, dataset))
    settings = spec.settings
    return open_executor(
        settings.resources,
        demands,
        name=settings.name,
        inline=inline,
        address=address,
        dashboard=dashboard,
    )


def _run(
    spec: SweepSpec,
    dataset: Dataset,
    executor: Executor,
    board: Leaderboard,
    home: Home,
    storage: RDBStorage | None,
    watch: Watch | None,
    began: float,
) -> SweepResult:
    """The sweep's course; a second Ctrl-C, which stops it anywhere, leaves what was recorded."""
    watch = watch or Watch()
    try:
        with _mirror(spec, board, storage, watch) as mirror:
            result = Course(spec, dataset, executor, board, mirror, watch, began).run()
            if result.interrupted:
                mirror.hurry()
    except KeyboardInterrupt:
        result = SweepResult(board.path, interrupted=True, hopeless=None, forced=True)
    return replace(result, home=home)


def _mirror(spec: SweepSpec, board: Leaderboard, storage: RDBStorage | None, watch: Watch) -> Mirror:
    """Where the studies are written for Optuna's tools; only one of both is there."""
    if storage is None:
        return Journal(board.path / JOURNAL_FILE)
    from mtl_search.search.studies.database import Database

    (board.path / JOURNAL_FILE).unlink(missing_ok=True)
    place, name = place_of(board.path.resolve()), spec.settings.name
    about = {"sweep": name, "folder": place, "machine": platform.node()}
    refusal = partial(lost, spec, place)
    return Database(storage, f"{name}-{board.identity()}", about, refusal, watch.waiting)
