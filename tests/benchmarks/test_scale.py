"""A simulated cluster says where its slots' time goes; what a soak asks of a folder finds what is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from benchmarks.scale import Row, simulated
from benchmarks.soak_checks import verdict
from mtl_search.data import load_dataset
from mtl_search.leaderboard import LOG_FILE, Leaderboard, pace
from mtl_search.sweep import SweepSpec

TRIALS, SLOTS = 6, 3
Simulate = Callable[[Path, float], Row]


@pytest.fixture(scope="module")
def simulate(tiny_spec: Callable[..., SweepSpec]) -> Simulate:
    """Into a folder, with a driver that takes so many more seconds for an epoch."""
    spec = tiny_spec(budget={"trials": TRIALS, "reference_trials": 1})
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)

    def run(path: Path, seconds: float) -> Row:
        with mock.patch.multiple(pace, SHARE=0.0, CREDIT=0.0):  # tables in the end alone
            (row,) = simulated(spec, dataset, path, SLOTS, (0.0, seconds))
        return row

    return run


@pytest.fixture(scope="module")
def ended(simulate: Simulate, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Row]:
    """A sweep that is over, and what its driver took."""
    path = tmp_path_factory.mktemp("simulated") / "sweep"
    return path, simulate(path, 0.0)


def test_all_time_of_all_slots_is_accounted_for(ended: tuple[Path, Row]) -> None:
    path, row = ended
    records = [one for one in Leaderboard(path).records() if one.duplicate_of is None]
    assert row.trials == len(records) > TRIALS
    shares = {name: row.values[name] for name in ("busy", "plan", "driver")}
    assert sum(shares.values()) == pytest.approx(1.0)
    trained = sum(one.device_seconds for one in records)
    assert trained / row.trials == pytest.approx(60, rel=0.25)
    assert shares["busy"] * row.hours * 3600 * SLOTS == pytest.approx(trained, rel=0.02)
    assert shares["driver"] < 0.05 < shares["plan"], "single tasks come first"


def test_a_slow_driver_leaves_slots_idle(simulate: Simulate, tmp_path: Path) -> None:
    """Three slots that report each 3 s to one who takes 3 s for each report."""
    row = simulate(tmp_path / "sweep", 3.0)
    assert row.values["driver"] > 0.4
    assert row.values["busy"] < 0.4


@pytest.mark.parametrize("wrong", ["lost", "doubled"])
def test_what_is_lost_or_doubled_is_found(ended: tuple[Path, Row], tmp_path: Path, wrong: str) -> None:
    path = shutil.copytree(ended[0], tmp_path / "sweep")
    whole = verdict(path, TRIALS, [set(), {"search-0000"}, {"search-0000", "search-0001"}])
    assert (whole["lost"], whole["doubled"]) == (0, 0)
    log = path / LOG_FILE
    begun: dict[str, Any] = {"start": "search-9999", "study": "search", "params": {}, "again": None}
    ended_again = next(line for line in log.read_text().splitlines() if line.startswith('{"finish"'))
    with log.open("a") as file:
        file.write((json.dumps(begun) if wrong == "lost" else ended_again) + "\n")
    lacking: tuple[int, list[set[str]]] = (TRIALS + 1, [{"search-0000"}, set()])
    budget, seen = lacking if wrong == "lost" else (TRIALS - 1, [])
    found = verdict(path, budget, seen)
    assert found[wrong] == (3 if wrong == "lost" else 2), "in the log, of the budget, and between two looks"
