"""Observed: where a sweep stands by its folder alone, whoever runs it, on whatever machine."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mtl_search.analysis.frames import metric_kinds
from mtl_search.arm_names import SINGLE_TASK
from mtl_search.leaderboard import LOG_FILE, Leaderboard, Standing, standing
from mtl_search.records import Phase, Role
from mtl_search.search.designs.incumbents import Incumbents
from mtl_search.search.forecast.clock import time_in_training
from mtl_search.search.forecast.counts import Count, Step, TrialPlan
from mtl_search.search.forecast.forecast import FEWEST
from mtl_search.search.forecast.planned import planned_trials
from mtl_search.search.forecast.standing import Standing as Stands
from mtl_search.search.forecast.standing import trained, under_way
from mtl_search.search.ledger import Ledger
from mtl_search.search.snapshot import ArmProgress, RunningTrial, Snapshot, arm_progress, later_steps
from mtl_search.space import Document, FixedSuggest, load_document
from mtl_search.sweep.arms import Arm, arms_of
from mtl_search.sweep.file import SWEEP_FILE
from mtl_search.sweep.spec import SweepSpec

__all__ = ["idle_for", "observed", "still_since"]

PATIENCE = 60.0  # seconds without any change, and as long as `LONGEST` of the longest trial so far
LONGEST = 3.0
READ = ("name", "objective", "budget", "references")  # blocks that say how much is trained
ANY_NETWORK: Mapping[str, object] = MappingProxyType(
    {"sharing": "shared", "trunk": {"name": "mlp", "stages": 1}}
)
OF_TABLES = ("linear", "trees")  # references that read numbers and categories alone


def observed(path: Path) -> Snapshot:
    """Where the sweep in folder ``path`` stands; `UserError` if there is none, or its file cannot be read.

    What its process alone knows is missing: epochs of running trials, why they were chosen, and whose they
    are after the search. Its time is that in which anything trained, and what is left is reckoned from the
    mean of all trials so far; of a sweep that nobody works on, nothing runs and no time goes by. Nothing is
    written, and none of a user's own modules is imported.
    """
    board, over = Leaderboard(path), standing(path) is Standing.DONE
    spec, ledger = _outline(board), Ledger(board, _main_metrics(board))
    arms = _begun(arms_of(spec), ledger)
    still = over or idle_for(path) > 0.0
    running = [] if still else [*_running(board, arms)]
    stands = _stands(ledger, arms, over)
    plan = _planned(spec, stands, arms)
    seconds = time_in_training(board.records())
    since = 0.0 if still else max(0.0, time.time() - still_since(path))
    rows, later = _rows(spec, ledger, stands, plan, arms, running)
    total = plan.total if all(row.planned is not None for row in rows) else None
    done = stands.done.total()
    return Snapshot(
        step=stands.step,
        arms=(*rows, *(row for row in later if row.planned != Count.exactly(0))),
        done=done,
        failed=sum(row.failed for row in (*rows, *later)),
        planned=total,
        seconds=seconds + since,
        before=0.0,
        seconds_left=None if over else _left(spec, seconds, since, done, total),
        running=tuple(running),
        chosen=running[-1].members if running and stands.step is Step.SEARCH else (),
    )


def still_since(path: Path) -> float:
    """When anything was last noted of the sweep: that a trial began or ended; in seconds since the epoch."""
    log = path / LOG_FILE
    return (log if log.exists() else path / "trials.parquet").stat().st_mtime


def idle_for(path: Path) -> float:
    """For how many seconds nobody seems to have worked on a sweep that has not come to its end, else 0.

    A lock that is free here may be held on another machine, out of sight: only after a while of silence it
    counts.
    """
    if standing(path) is not Standing.INTERRUPTED:
        return 0.0
    still = time.time() - still_since(path)
    trials = Leaderboard(path).trials().select(["started", "finished"]).to_pylist()
    longest = max(((row["finished"] - row["started"]).total_seconds() for row in trials), default=0.0)
    return still if still >= max(PATIENCE, LONGEST * longest) else 0.0


def _main_metrics(board: Leaderboard) -> Mapping[str, Any]:
    tasks = board.frame("tasks")
    return metric_kinds(tasks[tasks["role"] == Role.MAIN.value])


def _outline(board: Leaderboard) -> SweepSpec:
    """What the sweep file says of how much is trained. Of its networks only the members are read, which
    needs no module of the user's."""
    document = load_document(board.path / SWEEP_FILE)
    known = {row["task"]: row for row in board.tasks().to_pylist()}
    named = document.data.get("tasks")
    tasks = {
        name: {"kind": "regression", "role": known[name]["role"] if name in known else Role.MAIN.value}
        for name in {**known, **(named if isinstance(named, Mapping) else {})}
    }
    arms = document.data.get("arms")
    value = {key: document.data[key] for key in READ if key in document.data}
    value |= {"data": {"source": "unread"}, "tasks": tasks}
    value["trial"] = {**ANY_NETWORK, **_members(document.data.get("trial"))}
    if isinstance(arms, Mapping):
        value["arms"] = {name: _members(part) for name, part in arms.items()}
    spec = SweepSpec.from_document(Document(document.name, value, document.lines), board.path).of_tasks(known)
    return spec.without_references(OF_TABLES) if len(board.table("inputs")) else spec


def _members(block: object) -> dict[str, object]:
    return {"members": block["members"]} if isinstance(block, Mapping) and "members" in block else {}


def _begun(arms: Sequence[Arm], ledger: Ledger) -> list[Arm]:
    """Without the optional references that later arms have overtaken: the data has nothing for them."""
    last = max((at for at, arm in enumerate(arms) if ledger.states[arm.name]), default=0)
    return [
        arm
        for at, arm in enumerate(arms)
        if at >= last or arm.name not in OF_TABLES or ledger.states[arm.name]
    ]


def _planned(spec: SweepSpec, stands: Stands, arms: Sequence[Arm]) -> TrialPlan:
    """All that is trained, of these arms in the search."""
    there = {arm.name for arm in arms}
    plan = under_way(planned_trials(spec), stands)
    return TrialPlan(tuple(part for part in plan.parts if part.step is not Step.SEARCH or part.arm in there))


def _rows(
    spec: SweepSpec,
    ledger: Ledger,
    stands: Stands,
    plan: TrialPlan,
    arms: Sequence[Arm],
    running: Sequence[RunningTrial],
) -> tuple[list[ArmProgress], list[ArmProgress]]:
    """The arms of the search, and the later steps."""
    at_work, incumbents = Counter(one.arm for one in running), Incumbents(spec, ledger)
    rows = [
        arm_progress(
            name,
            ledger,
            stands,
            plan,
            running=at_work[name],
            best=incumbents.delta_m(name),
        )
        for name in (arm.name for arm in arms)
    ]
    return rows, later_steps(ledger, stands, plan, running=len(running))


def _running(board: Leaderboard, arms: Sequence[Arm]) -> Iterator[RunningTrial]:
    """The trials that have begun and not ended."""
    starts = board.starts()
    over = {*board.trials()["trial_id"].to_pylist(), *board.stops(), *(start.again for start in starts)}
    spaces = {arm.name: arm for arm in arms}
    for start in starts:
        arm = spaces.get(start.study.partition("/")[0])
        if arm is not None and start.trial_id not in over:
            members = arm.studies[start.study] or arm.space.members.suggest(FixedSuggest(start.params))
            yield RunningTrial(arm.name, members)


def _stands(ledger: Ledger, arms: Sequence[Arm], over: bool) -> Stands:
    done, newest = trained(ledger, arms), ledger.newest
    step = Step.SEARCH
    if over:
        step = Step.CONFIRMATION
    elif newest is not None and newest.phase is not Phase.SEARCH:
        step = Step(newest.phase.value)
    elif done[Step.CATCH_UP, SINGLE_TASK] and newest is not None and newest.arm == SINGLE_TASK:
        step = Step.CATCH_UP
    searched = {arm.name: None if arm.trials is None else arm.trials * len(arm.studies) for arm in arms}
    return Stands(step, done, searched=searched)


def _left(spec: SweepSpec, seconds: float, since: float, done: int, total: Count | None) -> float | None:
    """Until the end; None while there is too little to tell."""
    if spec.settings.budget.hours is not None:
        return max(0.0, spec.settings.budget.hours * 3600 - seconds - since)
    if total is None or done < FEWEST:
        return None
    return max(0.0, (total.expected - done) * seconds / done - since)
