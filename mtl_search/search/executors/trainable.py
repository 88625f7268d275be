"""The Tune trainable: one worker process that trains one job after the other."""

import os
import time
from collections.abc import Mapping
from typing import Any

import torch
from ray import tune

from mtl_search.data import Dataset
from mtl_search.records import EpochReport
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import Job
from mtl_search.training import Training, TrialOutcome, failure

__all__ = ["ENDED", "JOB", "OUTCOME", "PLACEMENT", "REPORTS", "TrainJob"]

JOB, REPORTS, OUTCOME, PLACEMENT = "job", "reports", "outcome", "placement"
ENDED = "ended"  # whether the last epoch of the step was the last one of the training
STEP_SECONDS = 0.25  # a step covers at least this much training, so that reporting to Tune never dominates


class TrainJob(tune.Trainable):  # type: ignore[misc]
    """Trains ``config["job"]``; a step is as many epochs as fill ``STEP_SECONDS``.

    ``reset_config`` makes the next job start in the same process: a new one costs seconds. What a job
    raises is its outcome, so that the worker lives on. How many epochs fit depends on how busy the machine
    is: whoever takes the step judges them one by one.
    """

    def setup(self, config: Mapping[str, Any], dataset: Dataset, place: Place) -> None:
        """Keep the data (shared memory of the node) and start the first job."""
        if place.gpus == 0:  # never use a GPU that was not allocated
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        torch.set_num_threads(place.threads)
        self._dataset, self._place = dataset, place
        self.reset_config(config)

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        """Start the job of ``new_config``."""
        self._job: Job = new_config[JOB]
        self._training: Training | None = None
        self._epochs = 0  # done
        self._began = time.perf_counter()
        return True

    def step(self) -> dict[str, Any]:
        """Epochs until ``STEP_SECONDS`` have passed or the job ends."""
        reports: list[EpochReport] = []
        until = time.perf_counter() + STEP_SECONDS
        outcome: TrialOutcome | None = None
        ended = False
        try:
            if self._training is None:
                self._training = self._job.training(self._dataset, self._place.device)
            while not self._training.finished and (not reports or time.perf_counter() < until):
                reports.append(self._training.run_epoch())
                self._epochs += 1
            if ended := self._training.finished:
                outcome = self._job.conclude(self._training, self._dataset)
        except Exception as error:  # a row of the leaderboard: the sweep goes on
            outcome = failure(error, self._epochs)
        placement = self._place.placement(time.perf_counter() - self._began)
        return {
            REPORTS: reports,
            ENDED: ended,
            OUTCOME: outcome,
            PLACEMENT: placement,
            "done": outcome is not None,
        }

    def cleanup(self) -> None:
        """Let go of the network."""
        self._training = None
