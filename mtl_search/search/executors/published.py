"""Published: the metrics of one process, which Ray exports on its node's port."""

import math
import threading
from collections.abc import Mapping
from typing import Any, final

from ray.util import metrics

from mtl_search.monitoring import METRICS, Metric

__all__ = ["Published"]

EVERY = (
    5.0  # seconds between two settings; Ray forgets a gauge that is not set for twice its 10 s of reporting
)

Tags = tuple[tuple[str, str], ...]


@final
class Published:
    """The metrics of a process that is connected to Ray, all tagged by the sweep.

    A thread sets the gauges anew while the process has something else to do, since Ray drops a gauge that is
    not set. It ends with ``close``, and with the process.
    """

    def __init__(self, sweep: str) -> None:
        kinds = {"gauge": metrics.Gauge, "counter": metrics.Counter}
        self._metrics: dict[Metric, Any] = {
            one: kinds[one.kind](one.name, one.about, ("sweep", *one.tags)) for one in METRICS
        }
        self._sweep = sweep
        self._set: dict[Metric, Mapping[Tags, float]] = {}
        self._lock, self._over = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="metrics", daemon=True)
        self._thread.start()

    def set(self, gauge: Metric, values: Mapping[tuple[str, ...], float]) -> None:
        """The values of a gauge by its tags, in their order, from now on; those without a number, and those
        that it had and are not given any more, are let go of."""
        known = {
            tuple(zip(gauge.tags, tags, strict=True)): value
            for tags, value in values.items()
            if math.isfinite(value)
        }
        with self._lock:
            self._set[gauge] = known
            self._record(gauge)

    def add(self, counter: Metric, value: float, *tags: str) -> None:
        """Let a counter grow, under tags in their order."""
        if value > 0:
            named = dict(zip(counter.tags, tags, strict=True))
            self._metrics[counter].inc(float(value), tags={"sweep": self._sweep, **named})

    def close(self) -> None:
        """Set nothing any more, so that the gauges are soon gone."""
        self._over.set()
        self._thread.join()

    def _record(self, gauge: Metric) -> None:
        for tags, value in self._set[gauge].items():
            self._metrics[gauge].set(float(value), tags={"sweep": self._sweep, **dict(tags)})

    def _go_on(self) -> None:
        while not self._over.wait(EVERY):
            with self._lock:
                for gauge in self._set:
                    self._record(gauge)
