"""How much memory does the driver of a long sweep take? All is real but the trainings, which cost nothing.

A sweep of six tasks with 20 parameters under TPE takes its course on a Ray of its own, two trials at a time:
workers, Tune, its searcher, the search with its studies, ledger, leaderboard and journal, and the live view's
snapshots. Printed is the resident memory of the driver's process: what is imported, what the first trial
finds, after so many trials, and when the sweep has ended, with its designs made.

    python -m benchmarks.driver_memory [--quick] [--trials 1000 2500 5000]
"""

import argparse
import gc
import importlib
import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import final
from unittest import mock

import psutil
from typing_extensions import override

from benchmarks.made_up import MadeUp
from benchmarks.overhead import EPOCHS, sweep
from mtl_search.data import Dataset
from mtl_search.search import Snapshot, Watch, run_sweep
from mtl_search.search.executors import trainable
from mtl_search.search.jobs import Job
from mtl_search.training import Progress, Trainer

TRIALS, QUICK = (1_000, 2_500, 5_000), (20, 40)
FIRST = 100  # trials, after which all that is there once is there


def main() -> None:
    """Run the sweep and print what its driver takes."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="40 trials: shows that it runs")
    parser.add_argument("--trials", type=int, nargs="+", default=TRIALS)
    arguments = parser.parse_args()
    marks = QUICK if arguments.quick else (FIRST, *arguments.trials)
    importlib.import_module("mtl_search.search.executors.ray_backend")
    watch = Reading(marks)
    watch.read("imports")
    spec = sweep(marks[-1], "random", repeats=0, finalists=0, seeds=0)
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(trainable, "SoloTrainer", Instant):
        run_sweep(spec, Path(folder), watch=watch, dashboard=False)
    watch.read("end")
    first, last = (watch.found[f"{mark} trials"] for mark in (marks[0], marks[-1]))
    each = (last - first) * 1024 / (marks[-1] - marks[0])
    print(f"\n{each:.0f} KiB a trial\n")
    print(json.dumps({name: round(value) for name, value in watch.found.items()} | {"kib_a_trial": each}))


@final
class Instant(Trainer):
    """Trains nothing, and reports as if it had."""

    size = 1

    def __init__(self, jobs: Sequence[Job], dataset: Dataset, device: str) -> None:
        (self._job,) = jobs
        made_up = MadeUp(dataset, EPOCHS)
        self._reports, self._end = made_up.reports(self._job), partial(made_up.outcome, self._job)

    @property
    @override
    def live(self) -> frozenset[str]:
        return frozenset({self._job.trial_id} if self._reports else ())

    @override
    def step(self) -> list[Progress]:
        report = self._reports.pop(0)
        ended = not self._reports
        return [Progress(self._job.trial_id, report, ended, self._end() if ended else None)]

    @override
    def stop(self, trial_id: str) -> None:
        self._reports.clear()

    @override
    def state(self, trial_id: str) -> None:
        """Nothing could go on."""


@final
class Reading(Watch):
    """The driver's memory in MiB, at each of ``marks``."""

    def __init__(self, marks: Sequence[int]) -> None:
        self._left = list(marks)
        self.found: dict[str, float] = {}

    @override
    def changed(self, snapshot: Snapshot) -> None:
        if "first trial" not in self.found:
            self.read("first trial")
        while self._left and snapshot.done >= self._left[0]:
            self.read(f"{self._left.pop(0)} trials")

    def read(self, when: str) -> None:
        """Read it now."""
        gc.collect()
        self.found[when] = psutil.Process().memory_info().rss / 2**20
        print(f"{when:>15} {self.found[when]:6.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
