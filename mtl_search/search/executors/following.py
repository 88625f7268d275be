"""Following a cluster while a phase runs: its nodes come and go, and others use it too."""

import time
from collections.abc import Callable
from typing import Any, final

import ray

from mtl_search.search.executors.nodes import Node, slots_on
from mtl_search.search.executors.place import Place

__all__ = ["Following"]

POLL = 2.0  # seconds
PATIENCE = 10.0  # seconds without any place before that is said


@final
class Following:
    """Looks at the cluster now and then: ``resized`` is told how many trials it holds, if these are more or
    fewer than before, and ``waiting`` that there is no place for any trial, and why."""

    def __init__(
        self, place: Place, slots: int, resized: Callable[[int], None], waiting: Callable[[str], None]
    ) -> None:
        self.slots = slots
        self._place, self._resized, self._waiting = place, resized, waiting
        self._next_look = time.monotonic() + POLL
        self._alone_since: float | None = None  # without a trial that has its place

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its scheduler for a restore that this package never does, and whoever is
        told here may hold locks."""
        return {}

    def look(self, tune_controller: Any) -> None:
        """Look, if it is time, and have Tune place as many trials as the cluster holds."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + POLL
        nodes = Node.alive()
        slots = slots_on(nodes, self._place)
        if slots and slots != self.slots:
            self.slots = slots
            tune_controller.update_max_pending_trials(slots)
            self._resized(slots)
        if not self._has_to_wait(tune_controller):
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > PATIENCE:
            self._waiting(self._why(nodes))

    @staticmethod
    def _has_to_wait(tune_controller: Any) -> bool:
        """Whether trials wait for a place and none has one; Tune has no public word for either."""
        manager = getattr(tune_controller, "_actor_manager", None)
        return manager is not None and manager.num_pending_actors > 0 and manager.num_live_actors == 0

    def _why(self, nodes: list[Node]) -> str:
        if not slots_on(nodes, self._place):
            return "waiting for nodes: none that is there is large enough for a trial"
        free, all_ = ray.available_resources(), sum(node.cpus for node in nodes)
        gpus = f" and {free.get('GPU', 0.0):g} GPUs" if self._place.gpus else ""
        return (
            f"waiting for CPUs: {free.get('CPU', 0.0):g} of the cluster's {all_}{gpus} are free, too few on "
            "any node; the rest is busy with others' work"
        )
