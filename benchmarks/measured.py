"""The data of which every subset of tasks was trained: tables to judge searches on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.planted_data import planted_clusters
from mtl_search.data import Dataset, DataSpec, load_dataset
from mtl_search.design import Branching
from mtl_search.tasks import TaskConfig
from mtl_search.training import TrialConfig

__all__ = ["SOURCES", "Source"]

NINE = {
    "care_intensity": "regression", "death": "binary", "death_180d": "binary", "dnr": "binary",
    "functional_outcome": "multiclass", "hospital_death": "binary", "log_charges": "regression",
    "log_cost": "regression", "log_stay": "regression",
}  # fmt: skip
STRONG_LR = {"name": "adamw", "lr": 0.1, "weight_decay": 0.01}


@dataclass(frozen=True)
class Source:
    """Data, and the hyperparameters that all networks have."""

    title: str
    load: Callable[[], Dataset]
    tasks: tuple[str, ...]
    trial: Mapping[str, object]
    stages: int

    def config(self, members: tuple[str, ...], epochs: int | None = None) -> TrialConfig:
        """A network of these tasks that shares everything but its heads; ``epochs`` if not all."""
        branching = str(Branching.shared(members, self.stages))
        trial = {**self.trial, **({} if epochs is None else {"epochs": epochs})}
        return TrialConfig.model_validate({**trial, "members": members, "sharing": branching})


def _load_support2() -> Dataset:
    adapter: TypeAdapter[TaskConfig] = TypeAdapter(TaskConfig)
    tasks = {name: adapter.validate_python(kind) for name, kind in NINE.items()}
    return load_dataset(DataSpec(source="support2"), tasks, base=Path.cwd())


SOURCES: Mapping[str, Source] = {
    "support2": Source(
        title="SUPPORT2: every subset of nine tasks",
        load=_load_support2,
        tasks=tuple(NINE),
        trial={
            "trunk": {"name": "mlp", "stages": 3, "width": 64, "dropout": 0.2},
            "optimizer": {"name": "adamw", "lr": 2e-3, "weight_decay": 1e-2},
            "batch_size": 256,
            "epochs": 15,
        },
        stages=3,
    ),
    "clusters": Source(
        title="Planted clusters: every subset of six tasks, three pairs of which belong together",
        load=lambda: planted_clusters().dataset,
        tasks=tuple(planted_clusters().tasks),
        trial={**planted_clusters().trial, "optimizer": STRONG_LR},
        stages=1,
    ),
}
