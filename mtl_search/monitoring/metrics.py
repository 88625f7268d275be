"""The metrics of a running sweep, by name."""

from dataclasses import dataclass
from typing import Literal, final

__all__ = [
    "ASKS",
    "ASK_SECONDS",
    "BEST_DELTA_M",
    "DEVICE_SECONDS",
    "EPOCHS",
    "METRICS",
    "ROWS",
    "RUNNING",
    "TELLS",
    "TELL_SECONDS",
    "TRIALS",
    "WORKER_MEMORY",
    "Metric",
]


@final
@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: a gauge is set, a counter only ever grows. Each has the tag ``sweep``, and ``tags``."""

    name: str
    kind: Literal["gauge", "counter"]
    about: str
    tags: tuple[str, ...] = ()

    @property
    def exported(self) -> str:
        """Its name on the metrics port of a node.

        >>> EPOCHS.exported, RUNNING.exported
        ('ray_mtl_search_epochs_total', 'ray_mtl_search_running_trials')
        """
        return f"ray_{self.name}{'_total' if self.kind == 'counter' else ''}"


# Of the driver: how the sweep stands, and what choosing and recording cost it.
BEST_DELTA_M = Metric(
    "mtl_search_best_delta_m",
    "gauge",
    "delta_m of an arm's best design so far, in percent, on valid",
    ("arm",),
)
TRIALS = Metric(
    "mtl_search_trials", "gauge", "Trials that have ended, in all runs of the sweep", ("arm", "state")
)
RUNNING = Metric("mtl_search_running_trials", "gauge", "Trials in training", ("arm",))
ASKS = Metric("mtl_search_asks", "counter", "Trials that were asked for")
ASK_SECONDS = Metric("mtl_search_ask_seconds", "counter", "Time in which trials were chosen")
TELLS = Metric("mtl_search_tells", "counter", "Trials whose outcome was recorded")
TELL_SECONDS = Metric("mtl_search_tell_seconds", "counter", "Time in which outcomes were recorded and told")

# Of the workers: what they do.
EPOCHS = Metric("mtl_search_epochs", "counter", "Epochs trained", ("arm", "slot"))
ROWS = Metric("mtl_search_rows", "counter", "Train rows seen, each once an epoch", ("arm", "slot"))
DEVICE_SECONDS = Metric(
    "mtl_search_device_seconds",
    "counter",
    "Time of the GPUs that trained, or else of the CPUs",
    ("arm", "slot"),
)
WORKER_MEMORY = Metric("mtl_search_worker_memory_bytes", "gauge", "Resident memory of a worker", ("slot",))

METRICS = (
    BEST_DELTA_M,
    TRIALS,
    RUNNING,
    ASKS,
    ASK_SECONDS,
    TELLS,
    TELL_SECONDS,
    EPOCHS,
    ROWS,
    DEVICE_SECONDS,
    WORKER_MEMORY,
)
