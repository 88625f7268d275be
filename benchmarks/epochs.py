"""How long an epoch of each of several trainings takes, beside the others."""

import time
from collections.abc import Mapping
from statistics import median
from typing import TypeVar

from mtl_search.training import Training

__all__ = ["median_seconds"]

Key = TypeVar("Key")


def median_seconds(trainings: Mapping[Key, Training], epochs: int) -> dict[Key, float]:
    """Of each, the median over ``epochs`` in which they take turns, after one that is not counted."""
    seconds: dict[Key, list[float]] = {key: [] for key in trainings}
    for epoch in range(1 + epochs):
        for key, training in trainings.items():
            began = time.perf_counter()
            training.run_epoch()
            if epoch:  # the first one also starts what is started once
                seconds[key].append(time.perf_counter() - began)
    return {key: median(found) for key, found in seconds.items()}
