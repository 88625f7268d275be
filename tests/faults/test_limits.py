"""Trials that hang, leak or end their process: each a failed row that says so, and the sweep goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.records import TrialRecord, TrialState
from mtl_search.search import run_sweep
from mtl_search.search.executors import overdue
from mtl_search.sweep import SweepSpec

MakeSpec = Callable[..., SweepSpec]
MEMORY = "256MiB"  # the first training of a process takes some 70 by itself
TOO_LONG = "took longer than resources.minutes of {:g}"
TOO_LARGE = "more than resources.memory of 256.0 MiB"


def arm(fault: str) -> dict[str, Any]:
    trunk = {"name": "tests.fixtures.faulty:Faulty", "stages": 2, "fault": fault}
    return {"members": "all", "sharing": "shared", "trunk": trunk}


def run(make: MakeSpec, path: Path, *faults: str, minutes: float, inline: bool) -> dict[str, TrialRecord]:
    """The one trial of an arm for each fault; those of all other arms are complete."""
    arms = {fault.replace(" ", "_"): arm(fault) for fault in faults}
    resources = {"minutes": minutes, "memory": MEMORY}
    spec = make(resources=resources, arms=arms, budget={"trials": 1, "reference_trials": 1})
    result = run_sweep(spec, path, inline=inline)
    assert result.hopeless is None
    records = result.board.records()
    assert all(r.state is TrialState.COMPLETE for r in records if r.arm not in arms)
    found = {r.arm: r for r in records if r.arm in arms}
    assert len(found) == len(arms)
    return found


def test_inline(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    faults = ["sleeps", "loops", "slow", "leaks", "interrupts", "exits"]
    found = run(tiny_spec, tmp_path, *faults, minutes=0.02, inline=True)
    assert {r.state for r in found.values()} == {TrialState.FAILED}
    assert not any(r.lost for r in found.values())
    errors = {arm: str(record.error) for arm, record in found.items()}
    assert errors["sleeps"] == errors["loops"] == errors["slow"] == TOO_LONG.format(0.02)
    assert TOO_LARGE in errors["leaks"]
    assert errors["interrupts"].startswith("KeyboardInterrupt")
    assert errors["exits"].startswith("SystemExit: 3")


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address", "unasked")
def test_on_workers(tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overdue, "GRACE", 1.0)
    faults = ["sleeps", "hangs in C", "leaks", "interrupts", "raises"]
    found = run(tiny_spec, tmp_path, *faults, minutes=0.08, inline=False)
    assert {r.state for r in found.values()} == {TrialState.FAILED}
    assert not any(r.lost for r in found.values())
    errors = {arm: str(record.error) for arm, record in found.items()}
    assert errors["raises"].startswith("RuntimeError: a stage that raises")
    assert errors["sleeps"] == errors["hangs_in_C"] == TOO_LONG.format(0.08)
    assert TOO_LARGE in errors["leaks"]
    assert errors["interrupts"].startswith("KeyboardInterrupt")
