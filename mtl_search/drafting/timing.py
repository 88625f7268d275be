"""How long a sweep is expected to take here: a few short trainings, and how many are planned."""

import os
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import final

from mtl_search.arm_names import CONTROL, SINGLE_TASK, TREES
from mtl_search.data import Dataset
from mtl_search.search import Part, Step, planned_trials
from mtl_search.search.executors.inline import Inline
from mtl_search.search.forecast.typical import trained_to_end
from mtl_search.space import RandomSuggest
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import Arm, arms_of
from mtl_search.training import Score
from mtl_search.training.kinds import begin, read_config

__all__ = ["Pace", "expected_seconds", "measured_pace"]

MEASURED = 2.0  # seconds in which networks of an arm are drawn and trained, until there are
DRAWN = 8  # of them, since how long one takes hangs on its width, and in the search on its members
ROWS, SLOW_ROWS = 2_048, 256  # of train that they see; the second of images, texts and series

# As the committed sweeps had it:
START = 12.0  # seconds until workers train, and of the page at the end
IN_USE = 0.85  # the part of the time in which a place is training
BESIDES = 0.1  # seconds of a training before its first epoch and after its last
EPOCHS = 0.8  # of those that a network may have it trains this part, until patience ends it
STOPPED = 0.3  # the same of one that the pruner stops
TREES_EPOCHS = 25  # those of trees, whose rounds are many more than they need


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of an epoch over all train rows of the networks of each arm, and how many train at a time."""

    seconds: Mapping[str, float]
    slots: int

    def of(self, part: Part, spec: SweepSpec, to_end: Mapping[str, float]) -> float:
        """Seconds of a training; ``to_end``: the share of an arm's trials that the pruner does not stop."""
        if part.arm == TREES:
            return BESIDES + TREES_EPOCHS * self.seconds[TREES]
        whole = to_end[part.arm] if part.step is Step.SEARCH else 1.0
        epochs = spec.max_epochs * (whole * EPOCHS + (1 - whole) * STOPPED)
        return BESIDES + epochs * self.seconds[SINGLE_TASK if part.arm == CONTROL else part.arm]


def measured_pace(spec: SweepSpec, dataset: Dataset, train_rows: int) -> Pace:
    """Trains networks of each arm for an epoch over some rows, and scales to ``train_rows``.

    Slots are one for each core, since a trial takes one.
    """
    few = min(ROWS if dataset.input_shape.is_table else SLOW_ROWS, len(dataset.train))
    share = few / len(dataset.train)
    valid = dataset.valid.slice(0, max(1, round(share * len(dataset.valid))))
    small = replace(dataset, train=dataset.train.slice(0, few), valid=valid)
    scale = train_rows / few
    seconds = {arm.name: scale * _seconds_an_epoch(spec, small, arm) for arm in arms_of(spec)}
    return Pace(seconds, max(1, _cores() // spec.settings.resources.cpu))


def _cores() -> int:
    """Those that this process may use, which Linux alone says."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _seconds_an_epoch(spec: SweepSpec, dataset: Dataset, arm: Arm) -> float:
    """The mean over networks that are drawn from the arm's space."""
    suggest, studies = RandomSuggest(random.Random(0)), list(arm.studies.values())
    device = Inline(spec.settings.resources).place.device
    began, found = time.perf_counter(), list[float]()
    while len(found) < DRAWN and (not found or time.perf_counter() - began < MEASURED):
        members = studies[len(found) % len(studies)] or arm.space.members.suggest(suggest)
        config = read_config(arm.space.sample(suggest, members))
        score = Score({name: dataset.tasks[name].metric for name in members})
        training = begin(config, dataset, seed=0, score=score, device=device)
        if not found:
            training.run_epoch()  # which also starts what is started once
        found.append(training.run_epoch().seconds)
    return fmean(found)


def expected_seconds(spec: SweepSpec, pace: Pace) -> float:
    """Of the whole command, from its start to its page, at one trial for each core."""
    to_end = {arm.name: trained_to_end(spec, arm) for arm in arms_of(spec)}
    seconds = sum(part.count.expected * pace.of(part, spec, to_end) for part in planned_trials(spec).parts)
    return START + seconds / (IN_USE * pace.slots)
