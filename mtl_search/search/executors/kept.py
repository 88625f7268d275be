"""What of a trial is kept while it trains, so that little is lost with its worker."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, final

import ray
from ray import cloudpickle

from mtl_search.search.jobs import Job
from mtl_search.training import TrainingState

__all__ = ["Keeper", "Kept", "Parcel", "go_on", "key_of"]

LOGGER = logging.getLogger(__name__)
EVERY = 20.0  # seconds of training between two states: a trial of a minute is lost from its middle on at most
DEAREST = 0.05  # of the time of training that writing states may take


@final
class Parcel:
    """A state on its way to the driver, in bytes, which are taken once: Tune keeps results for ever."""

    def __init__(self, state: bytes) -> None:
        self._state: bytes | None = state

    def take(self) -> bytes | None:
        """The state, the first time."""
        state, self._state = self._state, None
        return state


@final
class Keeper:
    """In the worker: says when a state is due, and writes it down."""

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self._due = time.monotonic() + every

    def parcel(self, state: Callable[[], TrainingState | None]) -> Parcel | None:
        """The state, if it is due and there is one."""
        began = time.monotonic()
        if began < self._due or (found := state()) is None:
            return None
        try:
            parcel = Parcel(cloudpickle.dumps(found))
        except Exception as error:  # a user's own weighting may hold what cannot be pickled
            LOGGER.info("a trial like this begins anew if it is lost: %s", error)
            self._due = math.inf
            return None
        now = time.monotonic()
        self._due = now + max(self._every, (now - began) / DEAREST)
        return parcel


@final
class Kept:
    """In the driver: the newest state of each job that has not ended, by what the job trains.

    They lie in Ray's object store as the driver's own, on its node, which writes to disk what it has no
    memory for. What a worker puts there is lost with the worker, and Tune's own checkpoints would need a
    folder that all nodes see. They go with the driver, after which a trial begins anew.
    """

    def __init__(self) -> None:
        self._states: dict[str, Any] = {}

    def keep(self, job: Job, parcel: Parcel) -> None:
        """Keep the state of ``job``, in place of an older one."""
        if (state := parcel.take()) is not None:
            self._states[key_of(job)] = ray.put(state)

    def state(self, job: Job) -> Any | None:
        """Where that of an equal job is that was lost."""
        return self._states.get(key_of(job))

    def forget(self, job: Job) -> None:
        """It ended, and will not be tried again."""
        self._states.pop(key_of(job), None)


def go_on(job: Job, state: Any | None) -> Job:
    """The job, from where it was lost if its state was kept."""
    return job if state is None else replace(job, past=cloudpickle.loads(ray.get(state)))


def key_of(job: Job) -> str:
    """What is equal of a job that is tried again, whatever the attempt is called."""
    return repr(replace(job, trial_id=""))
