"""A cluster whose nodes come and go while a sweep runs: what joins is used, what leaves costs no trial."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mtl_search.leaderboard import Leaderboard
from mtl_search.records import TrialRecord, TrialState
from mtl_search.search.executors import ray_backend  # before Ray

PATIENCE = 240.0  # seconds for workers to start on a busy machine
SLOW = {"name": "tests.fixtures.faulty:Faulty", "stages": 2, "fault": "slow"}  # until nodes have gone
WHOLE = {"single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 12}


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head without CPUs for trials and a node with one."""
    assert ray_backend
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        made.add_node(num_cpus=1)
        yield made
    finally:
        made.shutdown()


@pytest.fixture
def start(
    cluster: Any, tiny_sweep: Callable[..., dict[str, Any]], tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    """A driver of its own on that cluster."""
    path, slow = tmp_path / "tiny.yaml", tmp_path / "slow"
    slow.touch()
    with path.open("w") as file:
        YAML().dump(tiny_sweep(budget={"trials": 12}, trial={"trunk": {**SLOW, "during": str(slow)}}), file)
    command = [sys.executable, "-m", "mtl_search.cli", "run", str(path), "--results", str(tmp_path)]
    process = subprocess.Popen(
        [*command, "--address", cluster.address, "--no-dashboard"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def records(path: Path) -> list[TrialRecord]:
    return Leaderboard(path).records() if (path / "trials.log").exists() else []


def wait_until(process: subprocess.Popen[str], true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        if process.poll() is not None:
            raise AssertionError(f"it ended too early, with {process.returncode}: {process.communicate()}")
        assert time.monotonic() < until
        time.sleep(0.2)


def at_a_time(trials: list[TrialRecord]) -> int:
    """How many of them ran at the same time at most."""
    ends = [(one.started, 1) for one in trials] + [(one.finished, -1) for one in trials]
    running = most = 0
    for _, step in sorted(ends):
        running += step
        most = max(most, running)
    return most


@pytest.mark.ray
def test_what_joins_is_used_and_what_leaves_costs_no_trial(
    start: subprocess.Popen[str], cluster: Any, tmp_path: Path
) -> None:
    path = tmp_path / "tiny"
    wait_until(start, lambda: len(records(path)) >= 1)
    joined = cluster.add_node(num_cpus=1)
    wait_until(start, lambda: at_a_time(records(path)[-4:]) == 2)
    cluster.remove_node(joined)
    (tmp_path / "slow").unlink()
    _, errors = start.communicate(timeout=PATIENCE)
    assert start.returncode == 0, errors
    trials = [one for one in records(path) if not one.lost]
    assert {one.state for one in trials} == {TrialState.COMPLETE}
    arms = [one.arm for one in trials]
    assert {arm: arms.count(arm) for arm in WHOLE if arm != "single_task"} == {
        arm: number for arm, number in WHOLE.items() if arm != "single_task"
    }
