"""A cluster whose nodes come and go while a sweep runs, or that two sweeps share: it costs no trial.

The tables are then those of a sweep without a cluster, trial by trial, but for nodes and times. That is so
wherever what is proposed does not depend on which results are there already: members and parameters are
drawn at random, no pruner compares trials, references do not catch up, nothing is open that studies learn
from each other (weights of tasks are not passed on), and no network can be drawn again while its equal is in
training. With a sampler that learns it is so if one trial runs at a time.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mtl_search.leaderboard import Leaderboard
from mtl_search.records import TrialRecord, TrialState
from mtl_search.search import run_sweep
from mtl_search.search.executors import ray_backend  # before Ray
from mtl_search.sweep import SweepSpec
from tests.conftest import TinySweep
from tests.fixtures.drivers import (
    FIXED_PLAN,
    PATIENCE,
    driver,
    fixed_trial,
    measured,
    records,
    wait_until,
)

TRIALS = 42
GIBIBYTE = 2**30


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without CPUs for trials and a node with one."""
    assert ray_backend
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        made.add_node(num_cpus=1, memory=2 * GIBIBYTE)
        yield made
    finally:
        made.shutdown()


@pytest.fixture
def sweep(tiny_sweep: TinySweep, tmp_path: Path) -> dict[str, Any]:
    """One whose trials are slow as long as there is a file."""
    (tmp_path / "slow").touch()
    budget = {"trials": TRIALS, "reference_trials": 1}
    return tiny_sweep(**FIXED_PLAN, budget=budget, trial=fixed_trial("slow", tmp_path / "slow"))


Start = Callable[[dict[str, Any]], subprocess.Popen[str]]


@pytest.fixture
def start(cluster: Any, tmp_path: Path) -> Iterator[Start]:
    """Starts a driver of its own on that cluster."""
    where = ("--address", cluster.address, "--no-dashboard", "--quiet")

    def begin(sweep: dict[str, Any]) -> subprocess.Popen[str]:
        file = tmp_path / f"{sweep['name']}.yaml"
        file.write_text(json.dumps(sweep))
        return started.enter_context(driver(file, tmp_path, *where))

    with ExitStack() as started:
        yield begin


def begun(path: Path) -> bool:
    return (path / "trials.log").exists() and bool(Leaderboard(path).starts())


def trained(path: Path) -> list[TrialRecord]:
    return [one for one in records(path) if one.duplicate_of is None and not one.lost]


def at_a_time(trials: list[TrialRecord]) -> int:
    """How many of them ran at the same time at most."""
    ends = [(one.started, 1) for one in trials] + [(one.finished, -1) for one in trials]
    running = most = 0
    for _, step in sorted(ends):
        running += step
        most = max(most, running)
    return most


def end(process: subprocess.Popen[str]) -> None:
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output + errors


def check_whole(path: Path, sweep: dict[str, Any], alone: Path) -> None:
    """All of the sweep's trials are there, once each, and as they are without a cluster."""
    there = [one for one in records(path) if not one.lost]
    assert {one.state for one in there} == {TrialState.COMPLETE}
    assert len(there) == len({one.trial_id for one in there}) == 3 + sweep["budget"]["trials"]
    inline = run_sweep(SweepSpec.from_value(sweep), alone, inline=True).board.records()
    assert measured(there) == measured(inline)


@pytest.mark.ray
def test_what_joins_is_used_and_what_leaves_costs_no_trial(
    start: Start, cluster: Any, sweep: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "tiny"
    process = start(sweep)
    wait_until(process, lambda: len(trained(path)) >= 1)
    joined = cluster.add_node(num_cpus=1)
    wait_until(process, lambda: at_a_time(trained(path)[-4:]) == 2)
    cluster.remove_node(joined)
    (tmp_path / "slow").unlink()
    end(process)
    check_whole(path, sweep, tmp_path / "alone")


@pytest.mark.ray
def test_two_sweeps_at_the_same_time(
    start: Start, cluster: Any, tiny_sweep: TinySweep, tmp_path: Path
) -> None:
    """Each has room for one trial: one needs the memory of the first node, the other the CPUs of the second.

    Their trials have equal names and parameters, but other rows and another learning rate. Those of the first
    wait until the second has recorded one.
    """
    joined = cluster.add_node(num_cpus=2, memory=GIBIBYTE)
    gate = tmp_path / "gate"
    gate.touch()
    trials = fixed_trial("waits", gate), fixed_trial(lr=0.02)
    needs = {"memory": 3 * GIBIBYTE // 2}, {"cpu": 2}
    sweeps = [
        tiny_sweep(
            **FIXED_PLAN,
            name=f"sweep{number}",
            data={"split": {"seed": number}},
            budget={"trials": 8, "reference_trials": 1},
            resources=needs[number],
            trial=trials[number],
        )
        for number in (0, 1)
    ]
    paths = [tmp_path / sweep["name"] for sweep in sweeps]
    processes = [start(sweep) for sweep in sweeps]
    wait_until(processes[1], lambda: len(records(paths[1])) > 0)
    wait_until(processes[0], lambda: begun(paths[0]))
    gate.unlink()
    for process, path, sweep in zip(processes, paths, sweeps, strict=True):
        end(process)
        check_whole(path, sweep, tmp_path / "alone")
    first, second = (measured(records(path)) for path in paths)
    assert first.keys() == second.keys()
    assert not {*first.values()} & {*second.values()}, "neither has a trial of the other's"
    cluster.remove_node(joined)
