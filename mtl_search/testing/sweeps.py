"""A made-up sweep, whole, for tests and screenshots: nothing here was measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mtl_search.analysis import summarise
from mtl_search.analysis.frames import default_gains, metric_kinds, rows_of, searched
from mtl_search.design import Candidate, Composition, compose, design_id
from mtl_search.leaderboard import Leaderboard, TaskInfo
from mtl_search.records import Role, TrialRecord
from mtl_search.testing.hospital import HOSPITAL, HospitalWorld

__all__ = ["synthetic_sweep"]

_SWEEP_FILE = """\
# A made-up sweep: nothing here was measured.
name: synthetic
data: {source: support2, split: {valid: 0.15, test: 0.15, seed: 0}}
objective: {max_networks: 3}
trial:
  members: {subset: {min: 1, max: 6}}
  branching: {split: {int: [1, 3]}}
"""


def synthetic_sweep(
    path: Path,
    *,
    trials: int = 120,
    tasks: Sequence[TaskInfo] = HOSPITAL,
    confirmed: bool = True,
    n_seeds: int = 5,
    effect: float = 1.5,
    seed: int = 0,
) -> Leaderboard:
    """A leaderboard of ``trials`` search trials and the reference arms in folder ``path``.

    The trials are drawn from a `HospitalWorld`; composition and statistics are the real ones. ``effect``:
    how much a helpful companion brings, in percentage points of gain; 0 for tasks that are independent.
    ``confirmed``: with ``n_seeds`` trainings of each composed network, and their summary.
    """
    world = HospitalWorld(tuple(tasks), effect, np.random.default_rng(seed))
    board = Leaderboard.create(path, tasks)
    (path / "sweep.yaml").write_text(_SWEEP_FILE)
    records = list(world.search(trials))
    board.record(*records)
    board.settle(_best_singles(board))
    designs = _designs(board, [task.name for task in tasks if task.role is Role.MAIN])
    if confirmed and designs:
        known = {record.trial_id: record for record in records}
        networks = [known[key] for key in sorted({key for design in designs for key in design["networks"]})]
        networks += _add_control(designs, known, world)
        board.write_designs(designs)
        board.record(*world.confirmation(networks, n_seeds))
        frames = (board.frame(table) for table in ("trials", "metrics", "resamples", "designs", "tasks"))
        board.write_summary(summarise(*frames))
    else:
        board.write_designs(designs)
    return board


def _best_singles(board: Leaderboard) -> dict[str, float]:
    """The best value on valid of each task trained alone."""
    kinds = metric_kinds(board.frame("tasks"))
    alone = set(searched(board.frame("trials")).query("arm == 'single_task'")["trial_id"])
    found: dict[str, float] = {}
    for row in rows_of(board.frame("metrics")):
        if row["trial_id"] in alone and row["split"] == "valid":
            signed = kinds[row["task"]].signed
            found[row["task"]] = max(found.get(row["task"], row["value"]), row["value"], key=signed)
    return found


def _designs(board: Leaderboard, tasks: list[str]) -> list[dict[str, Any]]:
    """The best designs of each arm for one, two and three networks, best first; it is the recommended one."""
    trials = searched(board.frame("trials"))
    gains = default_gains(board.frame("metrics"), board.frame("tasks"))[tasks]
    known = {str(key): {task: float(row[task]) for task in tasks} for key, row in gains.iterrows()}
    candidates = {
        row["trial_id"]: Candidate(row["trial_id"], known[row["trial_id"]], row["n_params"], row["flops"])
        for row in rows_of(trials)
    }
    rows: dict[str, dict[str, Any]] = {}
    for arm in (*trials["arm"].unique(), "pooled"):
        of_arm = trials if arm == "pooled" else trials[trials["arm"] == arm]
        found = compose(
            [candidates[key] for key in of_arm["trial_id"]],
            tasks,
            max_networks=len(tasks) if arm == "single_task" else 3,
        )
        for best in found[-1:] if arm == "single_task" else found:
            row = _row(arm, best, trials, known)
            arms = rows.setdefault(row["design_id"], row)["arms"]
            arms += [arm] if arm not in arms else []
    ordered = sorted(rows.values(), key=lambda row: (-round(row["delta_m"], 6), row["n_networks"]))
    for at, row in enumerate(ordered):
        row |= {"chosen": at == 0, "why": None if at else "made up", "control": None}
        row |= {"behind": ordered[0]["delta_m"] - row["delta_m"], "behind_p": float("nan")}
    return ordered


def _row(
    arm: str, best: Composition, trials: pd.DataFrame, gains: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    trees = dict(zip(trials["trial_id"], trials["branching"], strict=True))
    configs = dict(zip(trials["trial_id"], trials["config_id"], strict=True))
    serving = {task: configs[key] for task, key in best.serves.items()}
    return {
        "design_id": design_id(serving),
        "arm": arm,
        "arms": [],
        "n_networks": len(best.keys),
        "text": "; ".join(f"{key}: {trees[key]}" for key in best.keys),
        "networks": list(best.keys),
        "serves": best.serves,
        "configs": serving,
        "gains": {task: gains[key][task] for task, key in best.serves.items()},
        "delta_m": best.delta_m,
        "n_params": best.n_params,
        "flops": best.flops,
    }


def _add_control(
    designs: list[dict[str, Any]], known: Mapping[str, TrialRecord], world: HospitalWorld
) -> list[TrialRecord]:
    """Add the control of the recommended design to ``designs``; its networks that are new."""
    chosen = designs[0]
    serving = {
        task: known[key] if known[key].members == (task,) else world.alone(known[key], task)
        for task, key in chosen["serves"].items()
    }
    configs = {task: record.config_id for task, record in serving.items()}
    chosen["control"] = design_id(configs)
    fresh = [record for record in serving.values() if record.trial_id not in known]
    keys = {
        task: record.trial_id if record.trial_id in known else f"confirmation-{record.trial_id}-1001"
        for task, record in serving.items()
    }
    if fresh:
        designs.append(
            {
                "design_id": chosen["control"],
                "arm": "control",
                "arms": ["control"],
                "chosen": False,
                "n_networks": len(serving),
                "text": "; ".join(f"{keys[task]}: {serving[task].branching}" for task in keys),
                "networks": list(keys.values()),
                "serves": keys,
                "configs": configs,
                "gains": {},
                "delta_m": float("nan"),
                "n_params": sum(record.n_params for record in serving.values()),
                "flops": sum(record.flops for record in serving.values()),
            }
        )
    return fresh
