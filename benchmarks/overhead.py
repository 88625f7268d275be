"""What a trial costs the driver on top of its training: suggest, record and tell, as a sweep grows.

Nothing is trained. Made-up results go through the same interface that Ray's workers use
(``Conductor.next``, ``report`` and ``finish``), two trials at a time, in a sweep of six tasks with 20
parameters under TPE, with its journal, tables, pruner, designs and the snapshots of the live view. After 100,
1,000 and 5,000 finished trials the mean over the 25 trials before is printed:

- ``suggest``: members, hyperparameters, the network's cost, the journal's line;
- ``report``: the pruner's answers over all epochs of a trial;
- ``record, tell``: the tables, then the study;
- ``snapshot``: what the live view is given at each start and end;

and the driver's memory (resident set). ``open`` is the time to open the sweep again, as ``resume`` does.

Members are drawn at random, so that what is measured is the machinery; ``--grouping bayes`` adds the time
in which that strategy thinks.

    python -m benchmarks.overhead [--quick] [--grouping bayes]
"""

import argparse
import gc
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import torch

from benchmarks.made_up import MadeUp
from mtl_search.arm_names import SEARCH
from mtl_search.data import Dataset, load_dataset
from mtl_search.leaderboard import Leaderboard, TaskInfo
from mtl_search.search.forecast.clock import RunClock
from mtl_search.search.forecast.forecast import Forecast
from mtl_search.search.forecast.stage import Stage
from mtl_search.search.jobs import Job, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.catch_up import CatchUp
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.replication import Replication
from mtl_search.search.phases.watched import Watched, Watcher
from mtl_search.search.snapshot import take
from mtl_search.search.studies.journal import Journal
from mtl_search.sweep import SweepSpec

MARKS, QUICK_MARKS, WINDOW = (100, 1_000, 5_000), (25, 50, 100), 25
EPOCHS, SLOTS = 9, 2
TARGET_MS = 60.0  # suggest, record and tell, at 1,000 trials
PARTS = ("suggest", "report", "record, tell", "snapshot")
PLACEMENT = Placement(seconds=1.0, units=1.0, device="cpu", node="fake")


def main() -> None:
    """Grow a sweep and print what its trials cost."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="up to 100 trials: shows that it runs")
    parser.add_argument("--grouping", default="random", help="who chooses members (default: random)")
    arguments = parser.parse_args()
    marks = QUICK_MARKS if arguments.quick else MARKS
    torch.set_num_threads(1)
    spec = sweep(marks[-1], arguments.grouping)
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base).without_test()
    print(
        f"{len(spec.space.parameters())} parameters, grouping: {arguments.grouping}; milliseconds a trial\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep"
        tasks = [TaskInfo(task.name, task.kind, task.role, task.metric) for task in dataset.tasks.values()]
        Leaderboard.create(path, tasks)
        grow_and_show(spec, dataset, path, marks)


def sweep(trials: int, grouping: str, **budget: int) -> SweepSpec:
    """A sweep of six tasks with 20 parameters; ``budget``: what of it is not the usual."""
    return SweepSpec.from_value(
        {
            "name": "overhead",
            "data": {"source": "support2", "drop": ["death", "log_cost", "care_intensity"]},
            "tasks": {
                "hospital_death": "binary",
                "death_180d": "binary",
                "functional_outcome": "multiclass",
                "log_stay": "regression",
                "log_charges": "regression",
                "dnr": {"kind": "binary", "role": "auxiliary"},
            },
            "budget": {"trials": trials, "reference_trials": 2, **budget},
            "sampler": {"name": "tpe", "grouping": grouping},
            "trial": {
                "members": {"subset": {"min": 1, "max": 6}},
                "sharing": {"split": {"int": [1, 3]}},
                "trunk": {
                    "name": "mlp",
                    "stages": 3,
                    "width": {"categorical": [32, 64, 128, 256]},
                    "dropout": {"float": [0.0, 0.5]},
                    "activation": {"categorical": ["relu", "gelu", "silu"]},
                },
                "weighting": {"name": "fixed", "weights": {"simplex": [0.1, 10.0]}},
                "optimizer": {
                    "name": "adamw",
                    "lr": {"float": [1e-4, 1e-1], "log": True},
                    "weight_decay": {"float": [1e-5, 1e-1], "log": True},
                },
                "clip_norm": {"float": [0.1, 10.0], "log": True},
                "batch_size": {"categorical": [128, 256, 512]},
                "epochs": EPOCHS,
            },
        }
    )


class Fake:
    """Plays the executor with made-up trainings, and takes the times."""

    def __init__(self, conductor: Conductor, dataset: Dataset) -> None:
        self._conductor, self._made_up = conductor, MadeUp(dataset, EPOCHS)
        self._snapshots = 0.0
        self.times: list[dict[str, float]] = []  # of each trial, in seconds
        self._running: list[tuple[Job, float]] = []
        clock = RunClock(time.monotonic())
        replication = Replication(conductor.spec, dataset, conductor.ledger)
        stage = Stage(conductor, CatchUp(conductor, replication), replication)
        forecast = Forecast(conductor.spec, dataset, conductor.ledger, clock, SLOTS)

        def changed() -> None:
            start = time.perf_counter()
            take(stage, forecast, clock)
            self._snapshots += time.perf_counter() - start

        watcher = Watcher(changed, lambda ended: changed() if ended else None, lambda: None)
        self._source = Watched(conductor, watcher)

    def run_one(self) -> bool:
        """Keep ``SLOTS`` trials running and end the oldest; False where none is left."""
        while len(self._running) < SLOTS:
            start, snapshots = time.perf_counter(), self._snapshots
            job = self._source.next()
            if isinstance(job, str):
                break
            self._running.append((job, time.perf_counter() - start - (self._snapshots - snapshots)))
        if not self._running:
            return False
        job, suggest = self._running.pop(0)
        start = time.perf_counter()
        stopped = any(
            [self._source.report(job.trial_id, report) for report in self._made_up.reports(job)][:-1]
        )
        report = time.perf_counter() - start
        outcome = None if stopped else self._made_up.outcome(job)
        start, snapshots = time.perf_counter(), self._snapshots
        self._source.finish(job.trial_id, outcome, PLACEMENT)
        shown = self._snapshots - snapshots
        seconds = (suggest, report, time.perf_counter() - start - shown, 2 * shown)
        self.times.append(dict(zip(PARTS, seconds, strict=True)))
        return True


def grow_and_show(spec: SweepSpec, dataset: Dataset, path: Path, marks: tuple[int, ...]) -> None:
    """Run made-up trials until the last mark; a line a mark, then the figures as one JSON object."""
    print(
        f"{'trials':>7} " + " ".join(f"{part:>13}" for part in PARTS) + f" {'all but report':>15} {'MiB':>7}"
    )
    figures: dict[str, float] = {}
    conductor = open_conductor(spec, dataset, path)
    fake = Fake(conductor, dataset)
    for mark in marks:
        while len(conductor.ledger.records) < mark and fake.run_one():
            pass
        gc.collect()
        memory = psutil.Process().memory_info().rss / 2**20
        mean = {part: float(np.mean([t[part] for t in fake.times[-WINDOW:]])) * 1e3 for part in PARTS}
        total = sum(mean.values()) - mean["report"]
        cells = " ".join(f"{mean[part]:13.2f}" for part in PARTS)
        print(f"{mark:7,} {cells} {total:15.2f} {memory:7.0f}", flush=True)
        figures |= {f"{part.replace(', ', '_')}_ms_{mark}": value for part, value in mean.items()}
        figures |= {f"trial_ms_{mark}": total, f"memory_mib_{mark}": memory}
    start = time.perf_counter()
    open_conductor(spec, dataset, path)
    figures[f"open_s_{marks[-1]}"] = time.perf_counter() - start
    print(f"\nopen: {figures[f'open_s_{marks[-1]}']:.1f} s; ", end="")
    states = Counter(record.state.value for record in conductor.ledger.records if record.arm == SEARCH)
    print(f"trials of arm {SEARCH}: {dict(states)}; target: under {TARGET_MS:g} ms a trial at 1,000\n")
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def open_conductor(spec: SweepSpec, dataset: Dataset, path: Path) -> Conductor:
    """The sweep in folder ``path``, as a run or a resume opens it."""
    metrics = {name: dataset.tasks[name].metric for name in spec.settings.main_tasks}
    ledger = Ledger(Leaderboard(path), metrics)
    return Conductor(spec, dataset, ledger, Journal(path / "journal.log"), slots=SLOTS)


if __name__ == "__main__":
    main()
