"""Predictor: a bundle in use, from rows of a table to columns of predictions."""

# N rows, S seeds, K outputs of a task

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self, final, overload

import pyarrow as pa
import torch
from torch import Tensor
from typing_extensions import override

from mtl_search.bundle.description import CARD, Description, ModelEntry, read_description
from mtl_search.bundle.devices import check_device
from mtl_search.bundle.reading import Reading
from mtl_search.bundle.trained_trees import AnyTrained, load_trained
from mtl_search.data import Inputs
from mtl_search.errors import BundleError, DataError
from mtl_search.model import Network, rows_at_once
from mtl_search.own import own_code as allow
from mtl_search.tasks import Task
from mtl_search.training.trees import Forest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BATCH", "Predictor"]

BATCH = 16_384  # rows a forward pass: enough to keep a device busy, few enough for its memory
MEMORY = 2**27  # bytes that images and predictions of pixels may take at a time


@final
@dataclass(frozen=True, slots=True)
class Ready:
    """A network in evaluation mode on its device, and the tasks that it serves."""

    entry: ModelEntry
    network: Network | Forest

    def outputs(self, inputs: Inputs) -> dict[str, Tensor]:
        """The outputs of each task that it serves."""
        rows = max(1, len(next(iter(inputs.values()))))
        size = rows_at_once(self.network, rows)
        parts = [
            self.network({kind: of[at : at + size] for kind, of in inputs.items()})
            for at in range(0, rows, size)
        ]
        return {name: torch.cat([part[name].float() for part in parts]) for name in self.entry.tasks}


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Predictor:
    """The models of a bundle, ready to predict.

    Nothing in it changes, so that any number of threads may share it.
    """

    description: Description
    card: str
    """The model card, in Markdown."""
    device: torch.device
    reading: Reading
    models: tuple[Ready, ...]

    @classmethod
    def load(cls, folder: Path | str, *, device: str = "cpu", own_code: bool = False) -> Self:
        """The bundle in ``folder``; ``own_code``: classes that it names by ``module:Class`` are imported,
        which runs their modules.

        Raises BundleError if it is none, of a newer format, incomplete or changed since it was made, or names
        such a class without leave, and ResourceError if there is no such device.
        """
        folder = Path(folder)
        with allow(allowed=own_code):
            description = read_description(folder)
            on, card = check_device(device), folder / CARD
            networks = {entry.folder: _network(folder, entry, description) for entry in description.models}
        return cls.of(description, networks, _text(card), on)

    @classmethod
    def of(
        cls,
        description: Description,
        networks: Mapping[str, AnyTrained],
        card: str = "",
        device: torch.device | None = None,
    ) -> Self:
        """The predictor of a bundle that is not written: its networks by their folder."""
        on = device or torch.device("cpu")
        models = tuple(
            Ready(entry, networks[entry.folder].build().to(on).requires_grad_(False))
            for entry in description.models
        )
        return cls(description, card, on, Reading(description.data, description.inputs), models)

    @override
    def __repr__(self) -> str:
        return f"<Predictor of {', '.join(self.tasks)}: {len(self.models)} models on {self.device}>"

    @property
    def tasks(self) -> Mapping[str, Task]:
        """What is predicted, by name."""
        return MappingProxyType({task.name: task for task in self.description.tasks})

    @property
    def most(self) -> int:
        """How many rows are predicted at a time: fewer where a row has thousands of values."""
        others = {shape.key for shape in self.reading.inputs.shape.others}
        example = self.reading.inputs.shape.example()
        of_row = sum(example[key].nbytes for key in others)
        of_row += 8 * sum(math.prod(self.tasks[name].output_shape) for name in self._of_parts())
        return max(1, min(BATCH, MEMORY // max(1, of_row)))

    def _of_parts(self) -> list[str]:
        """The tasks with a label for each part of a row, by each model that serves them."""
        return [
            name for model in self.models for name in model.entry.tasks if self.tasks[name].level != "row"
        ]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the predictions."""
        empty = pa.schema([(name, pa.null()) for name in self.reading.inputs.columns]).empty_table()
        return tuple(self._predict(self.reading.prepare(empty), BATCH).column_names)

    @overload
    def predict(
        self, rows: "pa.Table | pd.DataFrame", *, as_: Literal["pandas"] = "pandas", batch: int = BATCH
    ) -> "pd.DataFrame": ...

    @overload
    def predict(
        self, rows: "pa.Table | pd.DataFrame", *, as_: Literal["arrow"], batch: int = BATCH
    ) -> pa.Table: ...

    def predict(
        self,
        rows: "pa.Table | pd.DataFrame",
        *,
        as_: Literal["pandas", "arrow"] = "pandas",
        batch: int = BATCH,
    ) -> "pa.Table | pd.DataFrame":
        """The predictions of rows with the columns that training saw; other columns are not looked at.

        A column for each task, its class or number; beside it the probabilities (of the positive class, or of
        each), and the standard deviation over seeds of a number. A frame's index is kept. Raises DataError
        that names the column for one that is missing or of another kind.
        """
        table = rows if isinstance(rows, pa.Table) else self._table(rows)
        predicted = self._predict(self.reading.prepare(table), batch)
        if as_ == "arrow":
            return predicted
        frame: pd.DataFrame = predicted.to_pandas()
        if not isinstance(rows, pa.Table):
            frame.index = rows.index
        return frame

    @torch.inference_mode()
    def predictions(self, inputs: Inputs) -> dict[str, Tensor]:
        """What each model says of encoded rows by task: S x N or S x N x K, not yet averaged."""
        return {
            name: torch.stack([self.tasks[name].predictions(outputs).cpu() for outputs in of_models])
            for name, of_models in self.outputs(inputs).items()
        }

    @torch.inference_mode()
    def outputs(self, inputs: Inputs) -> dict[str, list[Tensor]]:
        """The outputs of each model that serves a task on encoded rows, by task."""
        on_device = {kind: values.to(self.device) for kind, values in inputs.items()}
        of_models = [model.outputs(on_device) for model in self.models]
        return {name: [of[name] for of in of_models if name in of] for name in self.tasks}

    def decoded(self, inputs: Inputs) -> pa.Table:
        """The columns of predictions of encoded rows."""
        found: dict[str, Any] = {}
        tasks = self.tasks
        for name, of_seeds in self.predictions(inputs).items():
            task = tasks[name]
            mean = of_seeds.mean(0)
            columns = task.decode(mean)
            if task.kind == "regression" and len(of_seeds) > 1:
                variance_N = (of_seeds - mean).square().sum(0) / (len(of_seeds) - 1)
                columns["_sd"] = pa.array(variance_N.sqrt().numpy())
            for suffix, column in columns.items():
                taken = "_" if suffix and f"{name}{suffix}" in tasks else ""  # that task's own name
                found[f"{name}{suffix}{taken}"] = column
        return pa.table(found)

    def _predict(self, prepared: pa.Table, batch: int) -> pa.Table:
        batch = min(batch, self.most)
        starts = range(0, max(prepared.num_rows, 1), batch)
        parts = [self.decoded(self.reading.encode(prepared.slice(start, batch))) for start in starts]
        return pa.concat_tables(parts)

    def _table(self, frame: "pd.DataFrame") -> pa.Table:
        names = list(self.reading.inputs.columns)
        frame = frame.rename(columns=str)
        self.reading.check_names(frame.columns)
        try:
            return pa.Table.from_pandas(frame[names], preserve_index=False)
        except (pa.ArrowException, OverflowError, UnicodeError) as error:
            raise DataError("frame", "columns of one type each", " ".join(map(str, error.args))) from error


def _text(card: Path) -> str:
    """A card, which people write in with whatever they have; empty if there is none."""
    return card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""


def _network(folder: Path, entry: ModelEntry, description: Description) -> AnyTrained:
    trained = load_trained(folder / entry.folder)
    if trained.inputs != description.inputs:
        raise BundleError(str(folder / entry.folder), "the inputs of the bundle", "another encoding")
    tasks = {task.name: task for task in description.tasks}
    for name in entry.tasks:
        if name not in tasks or tasks[name] != trained.tasks.get(name):
            raise BundleError(str(folder / entry.folder), f"the task {name!r} of the bundle", "another one")
    return trained
