"""The Dataset: encoded rows of every split, the fitted tasks, and what is known about them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mtl_search.data.rows import InputShape, Rows
from mtl_search.tasks.base import Task

__all__ = ["Dataset"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table made ready for training: what a trial reads, and nothing else.

    ``fingerprint`` identifies content, split and tasks; ``warnings`` are for people. ``test`` is None
    where its rows were taken away.
    """

    name: str
    fingerprint: str
    tasks: Mapping[str, Task]
    input_shape: InputShape
    train: Rows
    valid: Rows
    test: Rows | None
    warnings: tuple[str, ...] = ()

    def without_test(self) -> "Dataset":
        """The same data with the test rows gone: what a search sees."""
        return replace(self, test=None)
