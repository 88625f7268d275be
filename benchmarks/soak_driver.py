"""The driver of `benchmarks.soak`: a real sweep, whose workers are stand-ins that fail in every way.

python -m benchmarks.soak_driver FOLDER TRIALS
"""

import json
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final
from unittest import mock

import torch
from ray.exceptions import ActorUnavailableError, OutOfMemoryError, RayActorError
from typing_extensions import override

from benchmarks.made_up import MadeUp
from mtl_search.data import Dataset
from mtl_search.records import TrialState
from mtl_search.search import resume_sweep, run, run_sweep
from mtl_search.search.executors.base import Executor
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.searcher import SourceSearcher
from mtl_search.search.executors.trainable import PACK, PLACEMENT, PROGRESS
from mtl_search.search.executors.worker_errors import as_actor_error
from mtl_search.search.jobs import ArmStanding, Job, JobSource, Placement
from mtl_search.sweep import SweepSpec
from mtl_search.training import Progress, TrialOutcome, failure

__all__ = ["FAULTS", "Unreliable", "sweep"]

SLOTS, EPOCHS = 4, 3
HERE = Placement(0.01, 1.0, "cpu", "stand-in")
LOST: Mapping[str, Callable[[], Exception]] = {
    "the worker was killed": lambda: RayActorError(error_msg="The actor is dead: its worker was killed."),
    "the node went away": lambda: ActorUnavailableError("The actor's node has died.", None),
    "the node was short of memory": lambda: OutOfMemoryError("The node was running low on memory."),
}
OWN: Mapping[str, Callable[[], TrialOutcome]] = {
    "an error of its own": lambda: failure(RuntimeError("out of luck")),
    "NaN": lambda: TrialOutcome(TrialState.COMPLETE, EPOCHS, 1, math.nan, ()),
}
ALL = "Tune gave up"  # all that was running is lost
FAULTS = (*LOST, *OWN, ALL)
OFTEN = 0.02  # how often each of them happens to a trial; the last a tenth of that


@final
class Unreliable(Executor):
    """Four slots, whose trainings are made up, end in any order and go wrong; all through Tune's searcher."""

    def __init__(self, moments: random.Random) -> None:
        self.slots, self.place, self.dashboard = SLOTS, Place(1, 0.0), None
        self._moments, self._running = moments, dict[str, Job]()

    @property
    @override
    def has_bfloat16(self) -> bool:
        return False

    @override
    def show(self, arms: Sequence[ArmStanding]) -> None:
        """Nothing."""

    @override
    def run(
        self, source: JobSource, dataset: Dataset, waiting: Callable[[str], None] = lambda why: None
    ) -> None:
        searcher, made_up, number = SourceSearcher(source), MadeUp(dataset, EPOCHS), 0
        searcher.set_max_concurrency(self.slots)
        while True:
            while isinstance(found := searcher.suggest(str(number)), dict):
                self._running[str(number)] = found[PACK][0]
                number += 1
            if not self._running:
                return
            self._end_one(searcher, made_up)

    def _end_one(self, searcher: SourceSearcher, made_up: MadeUp) -> None:
        """What Tune says of a trial that ends, one way or another."""
        name = self._moments.choice([*self._running])
        what = self._moments.choices((None, *FAULTS), (1.0, *(OFTEN for _ in (*LOST, *OWN)), OFTEN / 10))[0]
        if what == ALL:
            searcher.lose(RayActorError(error_msg="Tune gave up"))
            self._running.clear()
            return
        job = self._running.pop(name)
        if (lose := LOST.get(what or "")) is not None:
            searcher.failed(name, as_actor_error(lose()))
            searcher.on_trial_complete(name, error=True)
            return
        *reports, last = made_up.reports(job)
        outcome = made_up.outcome(job) if what is None else OWN[what]()
        progress = [*(Progress(job.trial_id, one) for one in reports)]
        progress.append(Progress(job.trial_id, last, ended=True, outcome=outcome))
        searcher.on_trial_complete(name, {PROGRESS: progress, PLACEMENT: HERE})


def sweep(folder: Path, trials: int) -> dict[str, Any]:
    """Two tasks, and so many trials of the search."""
    return {
        "name": "soak",
        "data": {"source": str(folder / "table.parquet")},
        "tasks": {"cost": "regression", "ill": "binary"},
        "objective": {"max_networks": 2},
        "budget": {"trials": trials, "reference_trials": 8, "finalists": 0, "seeds": 0},
        "references": {"linear": False, "trees": False},
        "resources": {"gpu": 0},
        "sampler": {"name": "random", "grouping": "random"},
        "pruner": "none",
        "trial": {
            "members": {"subset": {"min": 1, "max": 2}},
            "sharing": {"split": {"int": [1, 2]}},
            "trunk": {"name": "mlp", "stages": 2, "width": 8},
            "optimizer": {"name": "adamw", "lr": {"float": [1e-3, 1e-1], "log": True}},
            "epochs": EPOCHS,
            "batch_size": 128,
        },
    }


def main() -> None:
    """Begin the sweep, or go on with it."""
    folder, trials = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)

    @contextmanager
    def opened(*ignored: object, **options: object) -> Iterator[Executor]:
        yield Unreliable(random.Random())

    with mock.patch.object(run, "open_executor", opened):
        if (folder / "soak" / "trials.log").exists():
            result = resume_sweep(folder / "soak")
        else:
            result = run_sweep(SweepSpec.from_value(sweep(folder, trials)), folder)
    print(json.dumps({"hopeless": result.hopeless}))


if __name__ == "__main__":
    main()
