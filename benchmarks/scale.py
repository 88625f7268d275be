"""How many slots can one driver keep busy, with trials of a minute? The search is real, the cluster is not.

Clusters of 1, 10, 100 and 1,000 slots are simulated (`benchmarks.simulated`): a whole sweep of six tasks and
20 parameters takes its course, with its studies, pruner, ledger, leaderboard, journal and live view, up to
the confirmation. Trainings are made up. The clock is virtual: it goes on by the processor's time that the
driver really uses, so that an hour of a hundred slots takes minutes, and a busy machine changes nothing.
Waits for the disk take no time of the processor: they are counted.

- ``busy``: of all slots' time; ``plan``: idle, since what comes next depends on trainings that are running
  (the first trials of single tasks, the last of a phase); ``driver``: idle, since the driver was at work;
- ``ask``, ``steps``, ``tell``: milliseconds of the driver for a trial: to suggest it, to judge its epochs, to
  record it. They include the live view's snapshots;
- ``load``: the share of the time in which the driver was at work;
- ``KiB`` written and ``waits`` for the disk for a trial; ``MiB``: memory of the driver in the end.

Each row stands for the trials up to that number: what a trial costs depends on how many there are.

    python -m benchmarks.scale [--quick] [--slots 1 10 100] [--trials 300 1000 6000] [--grouping bayes]
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final
from unittest import mock

import psutil
import torch

from benchmarks.made_up import MadeUp
from benchmarks.overhead import sweep
from benchmarks.simulated import Clock, Simulated, Times
from mtl_search.data import Dataset, load_dataset
from mtl_search.leaderboard import Leaderboard
from mtl_search.search.course import Course, Watch
from mtl_search.search.preparing.data import task_infos
from mtl_search.search.studies.journal import Journal
from mtl_search.sweep import SweepSpec

SLOTS, TRIALS = (1, 10, 100, 1000), (300, 1000, 6000, 6000)
MARKS = (300, 1_000, 3_000, 6_000, 12_000)
EPOCHS, SECONDS = 20, 60.0
OF_TUNE = (0.0, 0.0)
TARGET = 0.95  # of the slots' time with 100 of them
HEAD = ("busy", "plan", "driver", "load", "ask", "steps", "tell", "KiB", "waits", "MiB")
SHARES = ("busy", "plan", "driver", "load")
NAMES = {"results": "steps", "bytes": "KiB"}


def main() -> None:
    """Simulate sweeps on larger and larger clusters; a line a mark, then the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few trials: shows that it runs")
    parser.add_argument("--slots", type=int, nargs="+", default=SLOTS)
    parser.add_argument("--trials", type=int, nargs="+", default=TRIALS, help="of the search, a number a row")
    parser.add_argument("--grouping", default="bayes", help="who chooses members (default: bayes)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [(3, 10)] if arguments.quick else list(zip(arguments.slots, arguments.trials, strict=True))
    print(f"{'slots':>6} {'trials':>7} {'hours':>6} " + " ".join(f"{name:>7}" for name in HEAD))
    found: list[Row] = []
    for slots, trials in rows:
        spec = sweep(
            trials, arguments.grouping, reference_trials=2 if arguments.quick else 12, finalists=0, seeds=0
        )
        dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sweep"
            found += simulated(spec, dataset, path, slots, show=lambda row: print(row.line, flush=True))
    print(f"\ntarget: {TARGET:.0%} busy with 100 slots\n")
    print(json.dumps([row.figures for row in found]))


@final
@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of the trials up to ``trials``, since the row before."""

    slots: int
    trials: int
    hours: float
    values: Mapping[str, float]

    @property
    def figures(self) -> dict[str, float]:
        """As numbers."""
        rounded = {name: round(value, 4) for name, value in self.values.items()}
        return {"slots": self.slots, "trials": self.trials, "hours": round(self.hours, 3), **rounded}

    @property
    def line(self) -> str:
        """As printed."""
        cells = (
            f"{100 * self.values[name]:6.1f}%" if name in SHARES else f"{self.values[name]:7.1f}"
            for name in HEAD
        )
        return f"{self.slots:6,} {self.trials:7,} {self.hours:6.2f} {' '.join(cells)}"


@final
class Meter:
    """Makes a row at each mark, and at the end."""

    def __init__(self, clock: Clock, slots: int, show: Callable[[Row], object]) -> None:
        self._clock, self._slots, self._marks, self._show = clock, slots, list(MARKS), show
        self.cluster: Simulated | None = None
        self.rows: list[Row] = []
        self.waits = 0  # for the disk
        self._before = self._reading(Times())

    def look(self) -> None:
        """Make a row, if a mark is reached."""
        assert self.cluster is not None
        if self._marks and self.cluster.times.trials >= self._marks[0]:
            self._marks.pop(0)
            self.add()

    def add(self) -> None:
        """Make a row."""
        assert self.cluster is not None
        now, before = self._reading(self.cluster.times), self._before
        self._before = now
        past = {name: now[name] - before[name] for name in now}
        trials, seconds = max(1.0, past["trials"]), past["busy"] + past["of_plan"] + past["of_driver"]
        each = {"ask": 1e3, "results": 1e3, "tell": 1e3, "bytes": 1 / 1024, "waits": 1.0}
        values = {
            "busy": past["busy"] / seconds,
            "plan": past["of_plan"] / seconds,
            "driver": past["of_driver"] / seconds,
            "load": past["used"] / past["now"],
            "MiB": psutil.Process().memory_info().rss / 2**20,
            **{NAMES.get(name, name): past[name] * unit / trials for name, unit in each.items()},
        }
        self.rows.append(Row(self._slots, int(now["trials"]), self._clock.now() / 3600, values))
        self._show(self.rows[-1])

    def _reading(self, times: Times) -> dict[str, float]:
        written = psutil.Process().io_counters().write_chars
        counts = {"bytes": written, "waits": self.waits, "used": self._clock.used, "now": self._clock.now()}
        return {**asdict(times), **counts}


def simulated(
    spec: SweepSpec,
    dataset: Dataset,
    path: Path,
    slots: int,
    of_tune: tuple[float, float] = OF_TUNE,
    show: Callable[[Row], object] = lambda row: None,
) -> list[Row]:
    """The rows of a sweep in the new folder ``path`` on a cluster of so many slots; each is shown at once."""
    Leaderboard.create(path, task_infos(dataset))
    clock, sync = Clock(), os.fsync
    meter = Meter(clock, slots, show)
    made_up = MadeUp(dataset, EPOCHS)
    cluster = Simulated(slots, made_up, clock, seconds=SECONDS, of_tune=of_tune, looked=meter.look)
    meter.cluster = cluster

    def counted(descriptor: int) -> None:
        meter.waits += 1
        sync(descriptor)

    with clock.in_place_of_the_real_one(), mock.patch.object(os, "fsync", counted):
        journal = Journal(path / "journal.log")
        Course(spec, dataset, cluster, Leaderboard(path), journal, Watch(), clock.now()).run()
    meter.add()
    return meter.rows


if __name__ == "__main__":
    main()
