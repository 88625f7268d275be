"""Trainings a second: the package, two stock Ray Tune scripts, and the bare loop without any scheduler.

The same 60 trainings (SUPPORT2, five tasks in one small MLP, a fixed number of epochs, no pruning, the
learning rate varying) run four times:

- ``default``: a plain script of ``tune.Tuner`` and ``OptunaSearch`` with their default settings;
- ``reuse``: the same with ``reuse_actors=True``;
- ``package``: a sweep of this package, whose search arm has 60 trials. Its single-task references, one trial
  each, are trained before the clock starts, so that gains, designs and the live view's snapshots are made as
  in any sweep. Within the clock: asking and telling the study, the journal, the tables, the designs;
- ``bare``: the plain loop, one process a core (spawned), the learning rates dealt out beforehand.

The clock of each runs from ``fit()`` (``bare``: from the start of its processes) to its end, so all four
start their workers within it; Ray itself runs before. ``steady`` is the rate from the first finished trial to
the last, in which starting workers has no part. Ratios are of the package to each of the others.

    python -m benchmarks.throughput [--quick] [--trials 60] [--epochs 5]
"""

import argparse
import contextlib
import json
import logging
import math
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path

import numpy as np
import ray
import torch

from benchmarks.plain import PlainTraining, run_tune
from mtl_search.arm_names import SEARCH, SINGLE_TASK
from mtl_search.data import Dataset, load_dataset
from mtl_search.leaderboard import Leaderboard, TaskInfo
from mtl_search.search.budget.turns import Turns
from mtl_search.search.designs.composing import design_records
from mtl_search.search.executors.opening import open_executor
from mtl_search.search.forecast.clock import RunClock
from mtl_search.search.forecast.forecast import Forecast
from mtl_search.search.forecast.stage import Stage
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.catch_up import CatchUp
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.replication import Replication
from mtl_search.search.phases.watched import Watched, Watcher
from mtl_search.search.snapshot import take
from mtl_search.search.studies.journal import Journal
from mtl_search.space import RandomSuggest
from mtl_search.sweep import SweepSpec
from mtl_search.training import TrialConfig

LR = (3e-4, 1e-2)
TARGETS = {"default": 8.0, "reuse": 1.0, "bare": 0.75}


@dataclass(frozen=True, slots=True)
class Timing:
    """When a variant started, when each of its trainings was done, and when all was over."""

    start: float
    finished: tuple[float, ...]
    end: float

    @property
    def rate(self) -> float:
        """Trainings a second over the whole clock."""
        return len(self.finished) / (self.end - self.start)

    @property
    def steady(self) -> float:
        """Trainings a second from the first that was done to the last."""
        return (len(self.finished) - 1) / (max(self.finished) - min(self.finished))


def main() -> None:
    """Run the four variants and print what they took."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="6 trainings: shows that it runs, not how fast")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=("bare", "default", "reuse", "package"))
    arguments = parser.parse_args()
    n = 6 if arguments.quick else arguments.trials
    torch.set_num_threads(1)
    spec = sweep(n, arguments.epochs)
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    cores = len(os.sched_getaffinity(0))
    members = spec.settings.all_tasks
    trial = TrialConfig.model_validate(spec.space.sample(RandomSuggest(random.Random(0)), members))

    variants: dict[str, Callable[[], Timing]] = {
        "bare": lambda: run_bare(trial, dataset, n, cores),
        "default": lambda: run_stock(trial, dataset, n, reuse_actors=False),
        "reuse": lambda: run_stock(trial, dataset, n, reuse_actors=True),
        "package": lambda: run_package(spec, dataset),  # last: it sets Tune's environment for itself
    }
    ray.init(num_cpus=cores, num_gpus=0, log_to_driver=False, logging_level=logging.ERROR)
    try:
        timings = {}
        for name, measure in variants.items():
            if arguments.only is None or name in arguments.only:
                sys.stderr.write(f"{name}: {n} trainings ...\n")
                timings[name] = measure()
    finally:
        ray.shutdown()
    seconds = seconds_a_training(trial, dataset)
    show(timings, n, cores, seconds)


def sweep(n: int, epochs: int) -> SweepSpec:
    """A sweep whose search arm trains all five tasks in one network ``n`` times."""
    return SweepSpec.from_value(
        {
            "name": "throughput",
            "data": {"source": "support2", "drop": ["death", "log_cost", "care_intensity", "dnr"]},
            "tasks": {
                "hospital_death": "binary",
                "death_180d": "binary",
                "functional_outcome": "multiclass",
                "log_stay": "regression",
                "log_charges": "regression",
            },
            "budget": {"trials": n, "reference_trials": 1},
            "resources": {"cpu": 1, "gpu": 0},
            "pruner": "none",
            "trial": {
                "members": "all",
                "sharing": "shared",
                "trunk": {"name": "mlp", "stages": 3, "width": 64},
                "optimizer": {"name": "adamw", "lr": {"float": list(LR), "log": True}},
                "batch_size": 256,
                "epochs": epochs,
            },
        }
    )


def run_stock(trial: TrialConfig, dataset: Dataset, n: int, *, reuse_actors: bool) -> Timing:
    """The stock script; what it prints is not shown."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        start, finished = run_tune(trial, dataset, n, LR, reuse_actors=reuse_actors)
    return Timing(start, tuple(finished), time.time())


def run_package(spec: SweepSpec, dataset: Dataset) -> Timing:
    """The search arm of ``spec`` through the package, with its tables, journal and snapshots."""
    finished: list[float] = []
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    tasks = [TaskInfo(task.name, task.kind, task.role, task.metric) for task in dataset.tasks.values()]
    visible = dataset.without_test()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_executor(spec.settings.resources, inline=False) as executor,
    ):
        board = Leaderboard.create(Path(folder) / "board", tasks)
        ledger, journal = Ledger(board, metrics), Journal(board.path / "journal.log")
        conductor = Conductor(spec, visible, ledger, journal, slots=executor.slots)

        def give_turns_to(arm: str) -> None:
            studies = [study for study in conductor.studies if study.arm.name == arm]
            conductor._turns = Turns(studies, conductor.running, ledger, conductor.hours)

        give_turns_to(SINGLE_TASK)
        executor.run(conductor, visible)  # the references, before the clock
        give_turns_to(SEARCH)
        before, clock = len(ledger.records), RunClock(time.monotonic())
        replication = Replication(spec, visible, ledger)
        stage = Stage(conductor, CatchUp(conductor, replication), replication)
        forecast = Forecast(spec, visible, ledger, clock, executor.slots)

        def changed(ended: bool = True) -> None:
            if not ended:
                return
            take(stage, forecast, clock)
            if len(ledger.records) > before + len(finished):
                finished.append(time.time())

        start = time.time()
        executor.run(Watched(conductor, Watcher(changed, changed, lambda: None)), visible)
        board.write_designs(design_records(spec, ledger, final=False))
        board.settle(ledger.references)
        end = time.time()
        states = [record.state.value for record in ledger.records[before:]]
    if states != ["complete"] * len(finished) or len(finished) != spec.settings.budget.trials:
        raise RuntimeError(f"expected {spec.settings.budget.trials} complete trials, found {states}")
    return Timing(start, tuple(finished), end)


def run_bare(trial: TrialConfig, dataset: Dataset, n: int, cores: int) -> Timing:
    """The plain loop in ``cores`` new processes, each with its share of the learning rates."""
    rates = np.exp(np.random.default_rng(0).uniform(math.log(LR[0]), math.log(LR[1]), n)).tolist()
    context = multiprocessing.get_context("spawn")
    done: Queue[float] = context.Queue()
    start = time.time()
    workers = [
        context.Process(target=train_all, args=(trial, dataset, rates[core::cores], done))
        for core in range(cores)
    ]
    for worker in workers:
        worker.start()
    finished = tuple(done.get() for _ in range(n))
    for worker in workers:
        worker.join()
    return Timing(start, finished, time.time())


def train_all(trial: TrialConfig, dataset: Dataset, rates: list[float], done: "Queue[float]") -> None:
    """One process of ``run_bare``."""
    torch.set_num_threads(1)
    for lr in rates:
        train(trial, dataset, lr)
        done.put(time.time())


def train(trial: TrialConfig, dataset: Dataset, lr: float) -> None:
    """One whole training by the plain loop."""
    training = PlainTraining(trial, dataset, lr)
    for _ in range(trial.epochs):
        training.run_epoch()
    training.conclude()


def seconds_a_training(trial: TrialConfig, dataset: Dataset) -> float:
    """The plain loop alone, here, on an otherwise idle machine: the shortest of three."""
    times = []
    for _ in range(4):  # the first warms up
        start = time.perf_counter()
        train(trial, dataset, LR[0])
        times.append(time.perf_counter() - start)
    return min(times[1:])


def show(timings: dict[str, Timing], n: int, cores: int, seconds: float) -> None:
    """A table to read, and the figures as one JSON object in the last line."""
    figures: dict[str, float] = {"trials": n, "cores": cores, "seconds_a_training": round(seconds, 4)}
    print(f"{n} trainings of {seconds:.3f} s on {cores} cores\n")
    print(f"{'':10} {'trials/s':>9} {'steady':>9} {'seconds':>9}   package to it (target), steady")
    for name, timing in timings.items():
        figures |= {f"rate_{name}": timing.rate, f"steady_{name}": timing.steady}
        text = f"{name:10} {timing.rate:9.3f} {timing.steady:9.3f} {timing.end - timing.start:9.1f}"
        if name in TARGETS and "package" in timings:
            ratio = timings["package"].rate / timing.rate
            steady = timings["package"].steady / timing.steady
            figures |= {f"ratio_{name}": ratio, f"steady_ratio_{name}": steady}
            text += f"   {ratio:.2f} (at least {TARGETS[name]:g}), {steady:.2f}"
        print(text)
    print()
    print(json.dumps({key: round(value, 4) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
