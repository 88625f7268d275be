"""Executors: who trains the jobs. Siblings with one interface, of which the inline one needs no Ray."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mtl_search.data import Dataset
from mtl_search.errors import ResourceError
from mtl_search.search.inline import run_inline
from mtl_search.search.jobs import JobSource
from mtl_search.search.place import Place
from mtl_search.search.settings import Resources

__all__ = ["Executor", "Inline", "open_executor"]


class Executor(ABC):
    """Trains the jobs of a source, ``slots`` at a time."""

    slots: int
    place: Place
    dashboard: str
    """Address of the Ray dashboard, empty where there is none."""

    @abstractmethod
    def run(self, source: JobSource, dataset: Dataset) -> None:
        """Train until ``source`` has no job left, or was interrupted."""


class Inline(Executor):
    """One job after another in this process."""

    def __init__(self, resources: Resources) -> None:
        available = torch.cuda.device_count()
        wanted = resources.gpu if resources.gpu != "auto" else float(available > 0)
        if wanted > available:
            raise ResourceError(
                "resources.gpu", f"at most the {available} GPUs of this machine", f"{wanted:g}"
            )
        self.place, self.slots, self.dashboard = Place(resources.cpu, wanted), 1, ""

    def run(self, source: JobSource, dataset: Dataset) -> None:
        """Train all jobs here."""
        run_inline(source, dataset, self.place)


@contextmanager
def open_executor(resources: Resources, *, inline: bool, address: str | None = None) -> Iterator[Executor]:
    """The executor for as long as the block lasts. Ray is imported only if it is used."""
    if inline:
        yield Inline(resources)
        return
    from mtl_search.search.ray_backend import connect

    with connect(resources, address) as cluster:
        yield cluster
