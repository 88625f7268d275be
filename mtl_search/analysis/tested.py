"""What single networks of the confirmation gain on test, beside their gain on valid."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_search.analysis.confirmation import Runs
from mtl_search.analysis.frames import main_tasks, metric_kinds, task_weights
from mtl_search.arm_names import SINGLE_TASK
from mtl_search.records import DesignRecord, mean_gain

__all__ = ["network_gains"]


def network_gains(
    trials: pd.DataFrame,
    metrics: pd.DataFrame,
    resamples: pd.DataFrame,
    designs: Sequence[DesignRecord],
    tasks: pd.DataFrame,
) -> dict[str, float]:
    """The mean gain on test of the main members of each confirmed network, by its ``config_id``.

    In percent over the confirmed single-task networks, each a mean over its seeds; none without those.
    """
    kinds, weights = metric_kinds(tasks), task_weights(tasks)
    values: dict[tuple[str, str], list[float]] = {}
    for (config, _, task), value in Runs.read(trials, metrics, resamples).values.items():
        values.setdefault((config, task), []).append(value)
    means = {key: float(np.mean(found)) for key, found in values.items()}
    single = next((one for one in designs if SINGLE_TASK in one.arms), None)
    if single is None:
        return {}
    gains: dict[str, dict[str, float]] = {}
    for (config, task), value in means.items():
        if task in main_tasks(tasks):
            reference = means.get((single.configs.get(task, ""), task), math.nan)
            gains.setdefault(config, {})[task] = kinds[task].gain(value, reference)
    found = {config: mean_gain(of_tasks, weights) for config, of_tasks in gains.items()}
    return {config: gain for config, gain in found.items() if math.isfinite(gain)}
