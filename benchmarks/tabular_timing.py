"""What an epoch of each kind of network costs, relative to the plain MLP of the same width."""

import random
from collections.abc import Mapping

from benchmarks.epochs import median_seconds
from benchmarks.tabular_sweeps import KINDS, MLP
from mtl_search.arm_names import SEARCH
from mtl_search.data import Dataset
from mtl_search.space import RandomSuggest
from mtl_search.sweep import SweepSpec
from mtl_search.training import Score, Training, TrialConfig

__all__ = ["relative_seconds"]

WIDTH, STAGES = 128, 3


def relative_seconds(spec: SweepSpec, dataset: Dataset, *, epochs: int) -> Mapping[str, float]:
    """By arm, the median over ``epochs`` of each, which are trained in turns, on one CPU core."""
    seconds = median_seconds({arm: _training(spec, dataset, arm) for arm in KINDS}, epochs)
    return {arm: found / seconds[SEARCH] for arm, found in seconds.items()}


def _training(spec: SweepSpec, dataset: Dataset, arm: str) -> Training:
    """A network of all tasks of the arm's kind."""
    differs = dict(KINDS[arm][1])
    trunk = {**differs.get("trunk", MLP), "width": WIDTH, "stages": STAGES, "dropout": 0.1}
    space = spec.override({**differs, "trunk": trunk})
    value = space.sample(RandomSuggest(random.Random(0)), spec.settings.all_tasks)
    config = TrialConfig.model_validate({**value, "epochs": 1000, "patience": None})
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    return Training(config, dataset, seed=0, score=Score(metrics), device="cpu")
