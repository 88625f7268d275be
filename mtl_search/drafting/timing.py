"""How long a sweep is expected to take here: a short trial, and how many trainings are planned."""

import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from mtl_search.arm_names import ALONE_ARMS, CONTROL
from mtl_search.data import Dataset
from mtl_search.search import Part, Step, planned_trials
from mtl_search.search.executors.inline import Inline
from mtl_search.space import RandomSuggest
from mtl_search.sweep import SweepSpec
from mtl_search.training import Score, Training, TrialConfig

__all__ = ["Pace", "expected_seconds", "measured_pace"]

MEASURED = 2.0  # seconds that each of the two kinds of network is trained for
START = 12.0  # seconds until workers train, and of the page at the end
PART_OF_EPOCHS = {Step.SEARCH: 0.5, Step.CATCH_UP: 0.7, Step.REPLICATION: 0.7, Step.CONFIRMATION: 0.7}
"""Of the epochs that a training may have: it stops by patience, and in the search by the pruner."""


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of an epoch over all train rows, of one task alone and of all in one network."""

    alone: float
    together: float
    slots: int

    def of(self, part: Part) -> float:
        """Of the networks of one arm."""
        if part.arm in (*ALONE_ARMS, CONTROL):
            return self.alone
        return self.together if part.step is Step.SEARCH and part.arm.startswith("shared") else self._between

    @property
    def _between(self) -> float:
        return (self.alone + self.together) / 2


def measured_pace(spec: SweepSpec, dataset: Dataset, train_rows: int) -> Pace:
    """Trains a network of one task and one of all for a moment, and scales to ``train_rows``.

    Slots are one for each core, since a trial takes one.
    """
    tasks = spec.settings.main_tasks
    scale = train_rows / len(dataset.train)
    alone = _seconds_an_epoch(spec, dataset, tasks[:1])
    together = _seconds_an_epoch(spec, dataset, tasks) if len(tasks) > 1 else alone
    slots = max(1, _cores() // spec.settings.resources.cpu)
    return Pace(alone * scale, together * scale, slots)


def _cores() -> int:
    """Those that this process may use, which Linux alone says."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _seconds_an_epoch(spec: SweepSpec, dataset: Dataset, members: Sequence[str]) -> float:
    suggest = RandomSuggest(random.Random(0))
    config = TrialConfig.model_validate(spec.space.sample(suggest, tuple(members)))
    main = {name: dataset.tasks[name].metric for name in members}
    device = Inline(spec.settings.resources).place.device
    training = Training(config, dataset, seed=0, score=Score(main), device=device)
    training.run_epoch()  # which also starts what is started once
    began, epochs = time.perf_counter(), 0
    while not training.finished and (epochs == 0 or time.perf_counter() - began < MEASURED):
        training.run_epoch()
        epochs += 1
    return (time.perf_counter() - began) / max(epochs, 1)


def expected_seconds(spec: SweepSpec, pace: Pace) -> float:
    """Of the whole command, from its start to its page, at one trial for each core."""
    seconds = sum(
        part.count.expected * PART_OF_EPOCHS[part.step] * spec.max_epochs * pace.of(part)
        for part in planned_trials(spec).parts
    )
    return START + seconds / pace.slots
