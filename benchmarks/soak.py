"""Is anything lost when thousands of short trials meet all kinds of faults?

A sweep of 2,000 trials on a Ray cluster of its own, two nodes on this machine, with real workers that train
tiny networks of two tasks. Meanwhile, at random moments of a fixed seed:

- a worker is killed, or a node is removed and another one joins;
- a node joins that is always short of memory, so that Ray kills what trains there, and is removed;
- the driver is killed, and resumes;
- two in a hundred networks raise an error, or turn out NaN.

All along the plain files are read as pandas would. In the end: is each trial there once, and each arm's
budget spent to the trial? How much does the memory of the driver grow? How many files are there?

    python -m benchmarks.soak [--quick] [--trials 2000] [--seed 0]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
import psutil

from benchmarks.soak_checks import finished, verdict

TRIALS, QUICK = 2_000, 60
FAULTS = {"worker killed": 12, "node lost": 5, "node short of memory": 3, "driver killed": 6}
PATIENCE = 600.0  # seconds without a trial that ends
SICK = 12.0  # seconds for which a node that is short of memory stays
LOOK = 0.25


def main() -> None:
    """Run the sweep and print what became of it."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="60 trials and one fault of each kind")
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--seed", type=int, default=0, help="of the moments of all faults")
    arguments = parser.parse_args()
    trials = QUICK if arguments.quick else arguments.trials
    faults = dict.fromkeys(FAULTS, 1) if arguments.quick else FAULTS
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak") as folder, cluster(Path(folder)) as nodes:
        soak = Soak(Path(folder), nodes, trials, faults, random.Random(arguments.seed))
        soak.run()
        result = verdict(soak.path, trials, soak.seen)
        result |= {"memory": soak.memory(), "minutes": (time.monotonic() - began) / 60}
    show(soak.happened, result)


def show(happened: Counter[str], result: dict[str, Any]) -> None:
    """Print both as a table, and as one JSON object."""
    print(f"{'fault':<28} {'times':>6}")
    for name, times in happened.items():
        print(f"{name:<28} {times:6}")
    print(f"\n{'in the end':<28} {'found':>12}")
    for name, value in result.items():
        shown = f"{value:12.3f}" if isinstance(value, float) else f"{value!s:>12}"
        print(f"{name:<28} {shown}")
    print(f"\n{json.dumps({'faults': happened, **result})}")
    if result["lost"] or result["doubled"]:
        raise SystemExit("trials were lost or doubled")


@contextmanager
def cluster(folder: Path) -> Iterator[Any]:
    """A cluster of its own: a head without CPUs for trials, and two nodes with one each."""
    os.environ["RAY_TMPDIR"] = str(folder / "ray")  # before Ray is imported; a short path
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH"))))
    from mtl_search.search.executors import ray_backend

    assert ray_backend, "imported before Ray itself"
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "dashboard_port": 0}  # else Ray's own, which is taken
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            made.add_node(num_cpus=1)
        yield made
    finally:
        made.shutdown()


@final
class Soak:
    """One sweep, its driver, and what happens to both."""

    def __init__(
        self, folder: Path, nodes: Any, trials: int, faults: dict[str, int], moments: random.Random
    ) -> None:
        self.path, self._file, self._nodes = folder / "results" / "soak", folder / "soak.yaml", nodes
        self._file.write_text(json.dumps(sweep(folder, trials)), encoding="utf-8")
        kinds = [kind for kind, times in faults.items() for _ in range(times)]
        self._planned = sorted((moments.randint(trials // 50, trials - trials // 20), kind) for kind in kinds)
        self._moments, self._samples = moments, list[list[tuple[int, float]]]()
        self._do: dict[str, Callable[[psutil.Process], None]] = {
            "worker killed": self._kill_a_worker,
            "node lost": self._lose_a_node,
            "node short of memory": self._run_short_of_memory,
            "driver killed": self._kill_the_driver,
        }
        self.happened: Counter[str] = Counter()
        self.seen: list[set[str]] = []  # trials, each time the plain files were read

    def run(self) -> None:
        """From the first trial to the last, by as many drivers as it takes."""
        while self._drive() != 0:
            pass

    def memory(self) -> float:
        """KiB by which the driver grows with each trial; by the driver that has seen the most of them."""
        longest = max(self._samples, key=len)[5:]  # after what it imports, and the first of everything
        trials, memory = zip(*longest, strict=True) if len(longest) > 2 else ((0, 1), (0.0, 0.0))
        return float(np.polyfit(trials, memory, 1)[0]) / 1024

    def _drive(self) -> int:
        """One driver, to its end; 0 if that is the sweep's."""
        begun = (self.path / "trials.log").exists()
        command = ["resume", str(self.path)] if begun else ["run", str(self._file), "--results"]
        command += [] if begun else [str(self.path.parent)]
        options = ["--address", self._nodes.address, "--no-dashboard", "--quiet"]
        with (self.path.parent.parent / "driver.log").open("ab") as log:
            driver = psutil.Popen(
                [sys.executable, "-m", "mtl_search.cli", *command, *options],
                stdout=log,
                stderr=log,
            )
        self._samples.append([])
        last, since = finished(self.path), time.monotonic()
        while driver.poll() is None:
            time.sleep(LOOK)
            number = finished(self.path)
            if number > last:
                last, since = number, time.monotonic()
            if time.monotonic() - since > PATIENCE:
                driver.kill()
                raise SystemExit(f"no trial has ended for {PATIENCE:g} s:\n{self._log()}")
            self._look(driver, number)
            while self._planned and number >= self._planned[0][0] and driver.poll() is None:
                _, kind = self._planned.pop(0)
                self.happened[kind] += 1
                self._do[kind](driver)
        if driver.returncode not in (0, -9):
            raise SystemExit(f"the driver ended with {driver.returncode}:\n{self._log()}")
        return int(driver.returncode)

    def _look(self, driver: psutil.Process, number: int) -> None:
        """As somebody who knows nothing of the sweep."""
        with suppress(psutil.Error):
            self._samples[-1].append((number, float(driver.memory_info().rss)))
        table = self.path / "trials.parquet"
        if table.exists():
            found = pd.read_parquet(table, columns=["trial_id"])["trial_id"]
            assert found.is_unique, "a reader sees each trial once"
            self.seen.append(set(found))

    def _kill_a_worker(self, driver: psutil.Process) -> None:
        workers = []
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # it may end at any time
                if "".join(process.cmdline()[:1]).startswith("ray::TrainJob"):
                    workers.append(process)
        if workers:
            with suppress(psutil.Error):
                self._moments.choice(workers).kill()

    def _lose_a_node(self, driver: psutil.Process) -> None:
        nodes = [node for node in self._nodes.list_all_nodes() if node is not self._nodes.head_node]
        self._nodes.remove_node(self._moments.choice(nodes), allow_graceful=False)
        self._nodes.add_node(num_cpus=1)

    def _run_short_of_memory(self, driver: psutil.Process) -> None:
        short = {"RAY_memory_usage_threshold": "0.01", "RAY_memory_monitor_refresh_ms": "500"}
        node = self._nodes.add_node(num_cpus=1, env_vars=short)
        with suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
            driver.wait(SICK)
        self._nodes.remove_node(node)

    def _kill_the_driver(self, driver: psutil.Process) -> None:
        driver.kill()
        driver.wait()

    def _log(self) -> str:
        return (self.path.parent.parent / "driver.log").read_text(errors="replace")[-4000:]


def sweep(folder: Path, trials: int) -> dict[str, Any]:
    """Two tasks, tiny networks, so many trials of the search; the table is written into ``folder``."""
    inputs_NF = np.random.default_rng(0).normal(size=(400, 4))
    columns = {f"x{number}": column for number, column in enumerate(inputs_NF.T)}
    targets = {"cost": inputs_NF[:, :2].sum(1), "ill": np.where(inputs_NF[:, 1] > 0, "yes", "no")}
    pd.DataFrame(columns | targets).to_parquet(folder / "table.parquet")
    return {
        "name": "soak",
        "data": {"source": str(folder / "table.parquet")},
        "tasks": {"cost": "regression", "ill": "binary"},
        "objective": {"max_networks": 2},
        "budget": {"trials": trials, "reference_trials": 4, "repeats": 1, "finalists": 1, "seeds": 1},
        "references": {"linear": False, "trees": False},
        "resources": {"gpu": 0},
        "sampler": {"name": "random", "grouping": "random"},
        "pruner": {"name": "none"},
        "trial": {
            "members": {"subset": {"min": 1, "max": 2}},
            "sharing": {"split": {"int": [1, 2]}},
            "trunk": {"name": "benchmarks.unsteady:Unsteady", "stages": 2, "luck": {"float": [0.0, 1.0]}},
            "optimizer": {"name": "adamw", "lr": {"float": [1e-3, 1e-1], "log": True}},
            "epochs": 2,
            "batch_size": 128,
        },
    }


if __name__ == "__main__":
    main()
