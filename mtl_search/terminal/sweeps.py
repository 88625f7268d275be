"""``results``: the sweeps in a folder, how each stands and what it says to train."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_text import recommended
from mtl_search.analysis.verdict_words import counted, ensemble_gain, percent
from mtl_search.errors import LeaderboardError, UserError
from mtl_search.leaderboard import LOG_FILE, Leaderboard, Standing, place_of, sound, standing
from mtl_search.records import DesignRecord, SummaryRecord, TrialState
from mtl_search.terminal.designs import gain_on_test
from mtl_search.terminal.programs import as_json
from mtl_search.terminal.words import ago, flow, plain_console

__all__ = ["Listed", "Unreadable", "list_sweeps", "show_sweeps", "sweeps_json"]

_STYLES = {Standing.RUNNING: "green", Standing.INTERRUPTED: "yellow", Standing.DONE: ""}


@dataclass(frozen=True, slots=True)
class Listed:
    """A sweep: how it stands, how many trials it has, and its recommended design, on test if confirmed."""

    path: Path
    state: Standing
    trials: int
    failed: int
    last: datetime | None  # when the last trial ended
    design: DesignRecord | None
    tested: SummaryRecord | None

    @property
    def name(self) -> str:
        """That of its folder."""
        return self.path.resolve().name

    @classmethod
    def read(cls, path: Path) -> "Listed":
        """The sweep in folder ``path``; `UserError` if it cannot be read."""
        board, state = Leaderboard(path), standing(path)
        trials, design = board.trials(), recommended(board.design_records())
        tested = recommended(board.summary_records())
        if design is None or tested is None or tested.design_id != design.design_id:
            tested = None
        failed = trials["state"].to_pylist().count(TrialState.FAILED.value)
        return cls(path, state, len(trials), failed, pc.max(trials["finished"]).as_py(), design, tested)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder that looks like a sweep's and cannot be read, and why."""

    path: Path
    why: str


def list_sweeps(folder: Path) -> tuple[list[Listed], list[Unreadable]]:
    """The sweeps in ``folder``, or it alone if it is one: the last at work first; those unreadable by name.

    Folders without any file of a sweep are not looked at. `LeaderboardError` if there is no such folder.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        raise LeaderboardError(str(folder), "a folder with sweeps in it", found)
    sweeps, unreadable = [], []
    for path in [folder] if _is_sweep(folder) else sorted(folder.glob("[!.]*")):
        try:
            if _is_sweep(path):
                with sound(path):
                    sweeps.append(Listed.read(path))
        except UserError as error:
            unreadable.append(Unreadable(path, str(error).replace(str(path), place_of(path))))
        except OSError as error:
            found = error.strerror or str(error)
            why = LeaderboardError(str(error.filename or path), "a file that can be read", found)
            unreadable.append(Unreadable(path, str(why)))
    never = datetime.min.replace(tzinfo=UTC)
    sweeps.sort(key=lambda one: (one.state is Standing.RUNNING, one.last or never), reverse=True)
    return sweeps, unreadable


def show_sweeps(folder: Path, now: datetime | None = None) -> None:
    """Print the sweeps in ``folder``, each in two lines or three."""
    sweeps, unreadable = list_sweeps(folder)
    console, now = plain_console(), now or datetime.now(UTC)
    if not sweeps and not unreadable:
        console.print(f"no sweep in {place_of(folder)}; mtl-search run FILE makes one")
    width = max((cell_len(one.name) for one in sweeps), default=0)
    for one in sweeps:
        _show(console, one, width, now)
    for broken in unreadable:
        console.print(Text.assemble(("cannot be read: ", "red"), broken.why), soft_wrap=True)


def sweeps_json(folder: Path) -> str:
    """The same for programs."""
    sweeps, unreadable = list_sweeps(folder)
    broken = [{"folder": place_of(one.path), "error": one.why} for one in unreadable]
    return as_json({"sweeps": [_row(one) for one in sweeps], "unreadable": broken})


def _is_sweep(path: Path) -> bool:
    return any((path / name).exists() for name in (LOG_FILE, "trials.parquet", "sweep.yaml"))


def _show(console: Console, one: Listed, width: int, now: datetime) -> None:
    trials = counted(one.trials, "trial")
    parts = [trials, *([f"{one.failed} failed"] if one.failed else [])]
    if one.last is not None:
        parts.append(f"the last {ago((now - one.last).total_seconds())}")
    name = set_cell_size(one.name, width)
    state = (f"{one.state.value:11}", _STYLES[one.state])
    console.print(Text.assemble((name, "bold"), "  ", state, f"  {', '.join(parts)}"))
    flow(console, _advice(one), 2)
    if one.state is Standing.INTERRUPTED:
        console.print(
            Text(f"  go on with: mtl-search resume {shlex.quote(place_of(one.path))}", "dim"), soft_wrap=True
        )


def _advice(one: Listed) -> Text:
    if one.design is None:
        return Text("no design yet", "dim")
    networks = counted(one.design.n_networks, "network")
    of_it = f"{one.design.design_id}: {networks}, "
    if one.tested is None:
        return Text(f"{of_it}{percent(one.design.delta_m)} on valid, not confirmed")
    said = one.tested.vs_single_task.verdict
    verdict = (
        "each task alone" if said is None else said if said == Verdict.NONE else f"{said} than single_task"
    )
    provisional = ", provisional" if one.tested.provisional else ""
    together = f"; {said}" if (said := ensemble_gain(one.tested)) else ""
    return Text.assemble(of_it, gain_on_test(one.tested), f" on test: {verdict}{provisional}{together}")


def _row(one: Listed) -> dict[str, Any]:
    row: dict[str, Any] = {
        "folder": place_of(one.path),
        "name": one.name,
        "state": one.state.value,
        "trials": one.trials,
        "failed": one.failed,
        "last_trial": one.last,
        "design": None,
    }
    if one.design is not None:
        tested = one.tested
        row["design"] = {
            "design_id": one.design.design_id,
            "arm": one.design.arm,
            "n_networks": one.design.n_networks,
            "n_params": one.design.n_params,
            "delta_m_valid": one.design.delta_m,
            "delta_m_test": tested.delta_m if tested else None,
            "delta_m_test_low": tested.delta_m_low if tested else None,
            "delta_m_test_high": tested.delta_m_high if tested else None,
            "ensemble_size": tested.ensemble_size if tested else None,
            "ensemble_delta_m_test": tested.ensemble_delta_m if tested else None,
            "vs_single_task": tested.vs_single_task.verdict if tested else None,
            "verdict": tested.verdict if tested else None,
            "provisional": list(tested.provisional) if tested else [],
        }
    return row
