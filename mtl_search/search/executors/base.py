"""Executor: who has the jobs of a source trained, and what the sweep asks of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from mtl_search.data import Dataset
from mtl_search.search.executors.dashboard import Dashboard
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import ArmStanding, JobSource

__all__ = ["NOTHING", "Demands", "Executor"]


@final
@dataclass(frozen=True, slots=True)
class Demands:
    """What the trials of a sweep need besides CPUs and GPUs.

    ``imports``: the ``module:Class`` of each of the user's own parts, which every worker must find.
    ``gpu_memory``: bytes that a trial needs of a GPU at most, 0 if that is not known; asked only if there are
    GPUs to share.
    """

    imports: tuple[str, ...] = ()
    gpu_memory: Callable[[], int] = lambda: 0


NOTHING = Demands()


class Executor(ABC):
    """Trains the jobs of a source, ``slots`` at a time, of which there may be more or fewer later."""

    in_process: ClassVar[bool] = False
    """Whether what ends a trial's process ends the sweep."""

    slots: int
    place: Place
    dashboard: Dashboard | None
    """Ray's, None if it was not asked for."""

    @property
    @abstractmethod
    def has_bfloat16(self) -> bool:
        """Whether its trials have a GPU with bfloat16, which ``precision: auto`` then is."""

    @abstractmethod
    def run(
        self, source: JobSource, dataset: Dataset, waiting: Callable[[str], None] = lambda why: None
    ) -> None:
        """Train until ``source`` has no job left, or was interrupted; ``waiting`` is told why none can be
        placed, as long as that is so."""

    @abstractmethod
    def show(self, arms: Sequence[ArmStanding]) -> None:
        """Let who looks at the executor see how the sweep stands."""
