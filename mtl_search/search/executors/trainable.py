"""The Tune trainable: one worker process that trains one pack after the other."""

import os
import time
from collections.abc import Mapping
from typing import Any, final

import torch
from ray import tune

from mtl_search.data import Dataset
from mtl_search.search.executors.limits import OverLimitError, Watchdog
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.worker_log import WorkerLog
from mtl_search.training import Progress, SoloTrainer, Trainer

__all__ = ["PACK", "PLACEMENT", "PROGRESS", "SLOT", "TrainJob", "train_job"]

PACK, SLOT, PROGRESS, PLACEMENT = "pack", "slot", "progress", "placement"
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
        dataset: Dataset,
        place: Place,
        trainer: type[Trainer] = SoloTrainer,
        sweep: str = "",
    ) -> None:
        """Keep the data (shared memory of the node) and start the first pack."""
        if place.gpus == 0:  # never use a GPU that was not allocated
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        torch.set_num_threads(place.threads)
        self._dataset, self._place, self._kind, self._sweep = dataset, place, trainer, sweep
        self._log = WorkerLog.of_actor(sweep, len(dataset.train))
        self.reset_config(config)

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        """Start the pack of ``new_config``."""
        pack = new_config[PACK]
        self._trainer: Trainer | None = self._kind(pack, self._dataset, self._place.device)
        self._jobs, self._began = len(pack), time.perf_counter()
        self._watchdog = Watchdog(self._place)
        self._log.began(pack, new_config[SLOT])
        return True

    def step(self) -> dict[str, Any]:
        """Epochs until ``STEP_SECONDS`` have passed or all jobs have ended."""
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
        placement = self._place.placement(now - self._began, self._jobs)
        return {PROGRESS: progress, PLACEMENT: placement, "done": not self._trainer.live}

    def __repr__(self) -> str:
        """As Ray lists the actor: two sweeps may share a cluster."""
        return f"TrainJob({self._sweep})"

    def cleanup(self) -> None:
        """Let go of the networks."""
        self._log.stopped()
        self._trainer = None


def train_job(dataset: Dataset, place: Place, sweep: str) -> type[TrainJob]:
    """`TrainJob` with its data and what it takes of a node.

    Tune derives classes of its own from it, which would be what Ray shows of the actors and processes.
    """
    with_data = tune.with_parameters(TrainJob, dataset=dataset, place=place, trainer=SoloTrainer, sweep=sweep)
    made: type[TrainJob] = tune.with_resources(with_data, place.demand)
    made.__qualname__ = TrainJob.__qualname__
    return made
