"""The Dataset: encoded rows of every split, the fitted tasks, and what is known about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from mtl_search.data.encoding import Encoding
from mtl_search.data.rows import Rows
from mtl_search.data.shapes import InputShape
from mtl_search.records import Role, Split
from mtl_search.tasks.base import Task

__all__ = ["DataSummary", "Dataset", "ShownRows", "TaskSummary"]


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """One task: ``labelled`` rows per split, ``labels`` says what those of train look like."""

    name: str
    kind: str
    role: Role
    metric: str
    labelled: Mapping[Split, int]
    labels: str


@dataclass(frozen=True, slots=True)
class DataSummary:
    """Rows per split, inputs by type and the tasks."""

    name: str
    fingerprint: str
    rows: Mapping[Split, int]
    numeric: tuple[str, ...]
    missing_indicators: tuple[str, ...]
    categorical: Mapping[str, int]
    """How many levels each column has in train."""
    others: Mapping[str, str]
    """What each image, text and series is."""
    tasks: tuple[TaskSummary, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownRows:
    """Some of the test rows: where they stand among these, and what was written in the table."""

    positions: tuple[int, ...]
    table: pa.Table


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table made ready for training: what a trial reads, and nothing else.

    ``fingerprint`` identifies content, split and tasks; ``warnings`` are sentences. ``test`` is None
    if its rows were taken away. ``test_rows`` has a fingerprint of each task's test labels, by which
    values of several sweeps are comparable; ``left_out`` the tasks that cannot be judged, and why.
    ``to_show`` are a few test rows to look at, None of a table of numbers and levels alone.
    """

    name: str
    fingerprint: str
    tasks: Mapping[str, Task]
    encoding: Encoding
    train: Rows
    valid: Rows
    test: Rows | None
    warnings: tuple[str, ...] = ()
    test_rows: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    to_show: ShownRows | None = None

    @property
    def input_shape(self) -> InputShape:
        """What a network must know of the inputs."""
        return self.encoding.shape

    @property
    def weights(self) -> dict[str, float]:
        """How much each task counts in delta_m."""
        return {name: task.weight for name, task in self.tasks.items()}

    @property
    def splits(self) -> dict[Split, Rows]:
        """The rows by split, test only if it is there."""
        rows = {Split.TRAIN: self.train, Split.VALID: self.valid}
        return rows if self.test is None else {**rows, Split.TEST: self.test}

    def all_rows(self) -> Rows:
        """The rows of every split, train first."""
        return Rows.joined(list(self.splits.values()))

    def without_test(self) -> "Dataset":
        """The same data with the test rows gone: what a search sees."""
        return replace(self, test=None, to_show=None)

    def summary(self) -> DataSummary:
        """What is in it; of test only how many rows and labels there are."""
        splits = self.splits
        return DataSummary(
            name=self.name,
            fingerprint=self.fingerprint,
            rows={which: len(rows) for which, rows in splits.items()},
            numeric=self.encoding.numeric.columns,
            missing_indicators=self.encoding.numeric.flagged,
            categorical={
                name: len(levels)
                for name, levels in zip(
                    self.encoding.categorical.columns, self.encoding.categorical.levels, strict=True
                )
            },
            others={shape.column: f"{shape.kind}, {shape.what}" for shape in self.input_shape.others},
            tasks=tuple(
                TaskSummary(
                    name=name,
                    kind=task.kind,
                    role=task.role,
                    metric=task.metric.name,
                    labelled={which: int(rows.labelled[name].sum()) for which, rows in splits.items()},
                    labels=task.describe(),
                )
                for name, task in self.tasks.items()
            ),
            warnings=self.warnings,
        )
