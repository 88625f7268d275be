"""A cluster whose nodes come and go while a sweep runs: what joins is used, what leaves costs no trial.

The tables are then those of a sweep without a cluster, trial by trial, but for nodes and times. That is so
wherever what is proposed does not depend on which results are there already: members and parameters are
drawn at random, no pruner compares trials, references do not catch up, nothing is open that studies learn
from each other (weights of tasks are not passed on), and no network can be drawn again while its equal is in
training. With a sampler that learns it is so if one trial runs at a time.
"""

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
from mtl_search.search import run_sweep
from mtl_search.search.executors import ray_backend  # before Ray
from mtl_search.sweep import SweepSpec

PATIENCE = 240.0  # seconds for workers to start on a busy machine
SLOW = {"name": "tests.fixtures.faulty:Faulty", "stages": 2, "fault": "slow"}  # until nodes have gone
FIXED_PLAN: dict[str, Any] = {
    "tasks": {"cost": "regression", "ill": {"kind": "binary", "role": "auxiliary"}},
    "objective": {"max_networks": 1},
    "budget": {"trials": 42, "reference_trials": 1},
    "references": {"catch_up": False},
}
ADAMW = {"name": "adamw", "lr": 0.01}
WEIGHTS = {"name": "fixed", "weights": {"simplex": [0.1, 10.0]}}


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
def sweep(tiny_sweep: Callable[..., dict[str, Any]], tmp_path: Path) -> dict[str, Any]:
    """One whose trials are slow as long as there is a file."""
    (tmp_path / "slow").touch()
    trunk = {**SLOW, "during": str(tmp_path / "slow")}
    return tiny_sweep(**FIXED_PLAN, trial={"trunk": trunk, "weighting": WEIGHTS, "optimizer": ADAMW})


@pytest.fixture
def start(cluster: Any, sweep: dict[str, Any], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A driver of its own on that cluster."""
    path = tmp_path / "tiny.yaml"
    with path.open("w") as file:
        YAML().dump(sweep, file)
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


def trained(path: Path) -> list[TrialRecord]:
    return [one for one in records(path) if one.duplicate_of is None and not one.lost]


def measured(trials: list[TrialRecord]) -> dict[str, str]:
    """What was trained and what it reached, by trial."""
    return {
        one.trial_id: repr((one.arm, one.config, sorted(one.params.items()), one.seed, one.duplicate_of))
        + repr((one.epochs, one.best_epoch, one.score, one.mean_gain, one.metrics))
        for one in trials
    }


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
    start: subprocess.Popen[str], cluster: Any, sweep: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "tiny"
    wait_until(start, lambda: len(trained(path)) >= 1)
    joined = cluster.add_node(num_cpus=1)
    wait_until(start, lambda: at_a_time(trained(path)[-4:]) == 2)
    cluster.remove_node(joined)
    (tmp_path / "slow").unlink()
    _, errors = start.communicate(timeout=PATIENCE)
    assert start.returncode == 0, errors
    there = [one for one in records(path) if not one.lost]
    assert {one.state for one in there} == {TrialState.COMPLETE}
    alone = run_sweep(SweepSpec.from_value(sweep), tmp_path, name="alone", inline=True).board.records()
    assert len(there) == 3 + FIXED_PLAN["budget"]["trials"]
    assert measured(there) == measured(alone)
