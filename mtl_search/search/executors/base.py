"""Executor: who trains the jobs of a source."""

from abc import ABC, abstractmethod

from mtl_search.data import Dataset
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import JobSource

__all__ = ["Executor"]


class Executor(ABC):
    """Trains the jobs of a source, ``slots`` at a time."""

    slots: int
    place: Place
    dashboard: str
    """Address of the Ray dashboard, empty where there is none."""

    @property
    @abstractmethod
    def has_bfloat16(self) -> bool:
        """Whether its trials have a GPU with bfloat16, which ``precision: auto`` then is."""

    @abstractmethod
    def run(self, source: JobSource, dataset: Dataset) -> None:
        """Train until ``source`` has no job left, or was interrupted."""
