"""The Tune trainable: one worker process that trains one pack after the other."""

import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, final

import ray
import torch
import torch._dynamo  # which PyTorch does at its first step otherwise, in the time of the first trial
from ray import tune

from mtl_search.data import Dataset
from mtl_search.search.executors.crew import Crew, TeamTrainer
from mtl_search.search.executors.device_use import UseMeter
from mtl_search.search.executors.kept import EVERY, Keeper, go_on
from mtl_search.search.executors.limits import OverLimitError, Watchdog
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.worker_log import WorkerLog
from mtl_search.search.jobs import Job
from mtl_search.tasks.metrics import import_torchmetrics
from mtl_search.training import Progress, SoloTrainer, Trainer, TrialConfig

__all__ = [
    "AVOIDED",
    "NODE",
    "PACK",
    "PARCEL",
    "PAST",
    "PLACEMENT",
    "PROGRESS",
    "REFUSED",
    "SLOT",
    "TrainJob",
    "train_job",
]

PACK, SLOT, PAST, AVOIDED = "pack", "slot", "past", "avoided"  # what a worker is given
PROGRESS, PLACEMENT, PARCEL = "progress", "placement", "parcel"  # what it gives
NODE, REFUSED = "node", "refused"
STEP_SECONDS = 0.25  # a step covers at least this much training, so that reporting to Tune never dominates


@final
class TrainJob(tune.Trainable):  # type: ignore[misc]
    """Trains the jobs of ``config["pack"]``; a step is as many epochs as fill ``STEP_SECONDS``.

    ``reset_config`` makes the next pack start in the same process: a new one costs seconds. How many epochs
    fit depends on how busy the machine is: the searcher judges them one by one.
    """

    def setup(
        self,
        config: Mapping[str, Any],
        dataset: Dataset | tuple[ray.ObjectRef],
        place: Place,
        trainer: type[Trainer] = SoloTrainer,
        sweep: str = "",
        every: float = EVERY,
    ) -> None:
        """Keep the data and start the first pack.

        ``dataset``: or where it is in Ray's object store. Its rows stay there, in memory that all workers of
        a node share: a tensor is a view of it (see `Rows`).
        """
        if place.gpus == 0:  # never use a GPU that was not allocated
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        import_torchmetrics()
        torch.set_num_threads(place.threads)
        self._dataset: Dataset = ray.get(dataset[0]) if isinstance(dataset, tuple) else dataset
        self._place, self._kind, self._sweep, self._every = place, trainer, sweep, every
        self._crew: Crew | None = None
        if place.workers > 1 and isinstance(dataset, tuple):
            self._crew = Crew(dataset[0], place, sweep)
        self._meter = UseMeter(on_gpu=False)
        self._node = ray.get_runtime_context().get_node_id() if ray.is_initialized() else ""
        self._log = WorkerLog.of_actor(sweep, len(self._dataset.train))
        self.reset_config(config)

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        """Start the pack of ``new_config``, or go on with it, unless it is not for this node."""
        self._refuses = self._node in new_config.get(AVOIDED, ())
        if self._refuses:
            return True
        pack = [go_on(job, new_config.get(PAST)) for job in new_config[PACK]]
        self._trainer: Trainer | None = self._begin(pack)
        self._jobs, self._began = len(pack), time.perf_counter()
        self._keeper = Keeper(self._every)
        self._meter.close()
        self._meter, self._watchdog = UseMeter(on_gpu=self._place.gpus > 0), Watchdog(self._place)
        self._log.began(pack, new_config[SLOT])
        return True

    def _begin(self, pack: Sequence[Job]) -> Trainer:
        device = self._place.device
        if self._crew is None or not isinstance(pack[0].config, TrialConfig):  # trees grow in one process
            return self._kind(pack, self._dataset, device)
        return TeamTrainer(pack, self._dataset, device, self._crew)

    def step(self) -> dict[str, Any]:
        """Epochs until ``STEP_SECONDS`` have passed or all jobs have ended."""
        if self._refuses:
            return {REFUSED: True, PROGRESS: [], PLACEMENT: self._place.placement(0.0), "done": True}
        assert self._trainer is not None
        progress: list[Progress] = []
        began = time.perf_counter()
        until = began + STEP_SECONDS
        while self._trainer.live and (not progress or time.perf_counter() < until):
            progress += self._watchdog.step(self._trainer)
        now = time.perf_counter()
        self._log.stepped(progress, (now - began) * self._place.units)
        if self._watchdog.spoilt is not None:  # with an error Tune gives the worker up
            raise OverLimitError(self._watchdog.spoilt)
        placement = self._place.placement(now - self._began, self._jobs, self._meter.use())
        done = not self._trainer.live
        result = {PROGRESS: progress, PLACEMENT: placement, NODE: self._node, "done": done}
        for trial_id in self._trainer.live if self._jobs == 1 else ():
            if (parcel := self._keeper.parcel(partial(self._trainer.state, trial_id))) is not None:
                result[PARCEL] = parcel
        return result

    def __repr__(self) -> str:
        """As Ray lists the actor: two sweeps may share a cluster."""
        return f"TrainJob({self._sweep})"

    def cleanup(self) -> None:
        """Let go of the networks."""
        self._log.stopped()
        self._meter.close()
        self._trainer = None
        if self._crew is not None:
            self._crew.disband()


def train_job(dataset: Dataset, place: Place, sweep: str, every: float = EVERY) -> type[TrainJob]:
    """`TrainJob` with its data and what it takes of a node; the state of a trial is kept ``every`` so many
    seconds.

    Tune derives classes of its own from it, which would be what Ray shows of the actors and processes.
    """
    where = (ray.put(dataset),)  # once, however many nodes and workers there are
    others = {"place": place, "trainer": SoloTrainer, "sweep": sweep, "every": every}
    with_data = tune.with_parameters(TrainJob, dataset=where, **others)
    made: type[TrainJob] = tune.with_resources(with_data, tune.PlacementGroupFactory(place.bundles))
    made.__qualname__ = TrainJob.__qualname__
    return made
