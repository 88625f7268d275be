"""What is done about a worker that does not give up a trial whose time is over: it is killed."""

import time
from collections.abc import Iterable
from typing import Any, final

import ray
from ray.tune.experiment import Trial

from mtl_search.search.executors.limits import OverLimitError, too_long

__all__ = ["Overdue"]

GRACE = 5.0  # seconds for the worker to end the trial by itself, which spares it
POLL = 1.0


@final
class Overdue:
    """The trials of Tune that train for longer than ``minutes``; None: however long they like.

    A trial's time begins when its worker has started, and is the driver's: no clock is compared with another.
    """

    def __init__(self, minutes: float | None) -> None:
        self._minutes = minutes
        self._began: dict[str, float] = {}
        self._killed: set[str] = set()
        self._next_look = 0.0

    def kill(self, trials: Iterable[Any]) -> None:
        """Kill the workers of those of ``trials``, all that are live, whose time is over."""
        now = time.monotonic()
        if self._minutes is None or now < self._next_look:
            return
        self._next_look = now + POLL
        running = {trial.trial_id: trial for trial in trials if trial.status == Trial.RUNNING}
        self._began = {name: self._began.get(name, now) for name in running}
        for name, trial in running.items():
            if now - self._began[name] > 60 * self._minutes + GRACE and name not in self._killed:
                self._killed.add(name)
                ray.kill(trial.temporary_state.ray_actor)

    def error(self, trial_id: str) -> OverLimitError | None:
        """What ended a trial whose worker was killed here."""
        return OverLimitError(too_long(self._minutes or 0.0)) if trial_id in self._killed else None
