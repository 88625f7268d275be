"""The data of which every subset of tasks was trained: tables to judge searches on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
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
SEVEN = ("class1", "class2", "class3", "class4", "class5", "class6", "class7")
SIX = {
    "age": "regression", "college": "binary", "income": "binary", "never_married": "binary", "sex": "binary",
    "weeks_worked": "regression",
}  # fmt: skip
PROPERTIES = ("alpha", "cv", "gap", "homo", "lumo", "mu", "r2")


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


def _load(data: Mapping[str, object], kinds: Mapping[str, str]) -> Dataset:
    adapter: TypeAdapter[TaskConfig] = TypeAdapter(TaskConfig)
    tasks = {name: adapter.validate_python(kind) for name, kind in kinds.items()}
    return load_dataset(DataSpec.model_validate(data), tasks, base=Path.cwd())


def _numbers(bins: int) -> dict[str, object]:
    return {"numeric": {"name": "ple", "bins": bins}}


def _adamw(lr: float, weight_decay: float) -> dict[str, object]:
    return {"name": "adamw", "lr": lr, "weight_decay": weight_decay}


SOURCES: Mapping[str, Source] = {
    "support2": Source(
        title="SUPPORT2: every subset of nine tasks",
        load=partial(_load, {"source": "support2"}, NINE),
        tasks=tuple(NINE),
        trial={
            "trunk": {"name": "mlp", "stages": 3, "width": 64, "dropout": 0.2},
            "optimizer": _adamw(2e-3, 1e-2),
            "batch_size": 256,
            "epochs": 15,
        },
        stages=3,
    ),
    "yeast": Source(
        title="Yeast gene functions: every subset of the first seven classes",
        load=partial(
            _load,
            {
                "source": "yeast",
                "split": {"valid": 0.2, "test": 0.2},
                "drop": [f"class{n}" for n in range(8, 15)],
            },
            dict.fromkeys(SEVEN, "binary"),
        ),
        tasks=SEVEN,
        trial={
            "encoder": _numbers(24),
            "trunk": {"name": "mlp", "stages": 3, "width": 64, "dropout": 0.4, "activation": "silu"},
            "optimizer": _adamw(3e-3, 3e-2),
            "batch_size": 128,
            "epochs": 25,
            "patience": 6,
        },
        stages=3,
    ),
    "census": Source(
        title="Census-Income: every subset of its three tasks, age, sex and weeks worked, 10,000 train rows",
        load=partial(
            _load,
            {
                "source": "census_income",
                "split": {"column": "split", "valid": 0.5, "valid_from": "test"},
                "train_rows": 10_000,
            },
            SIX,
        ),
        tasks=tuple(SIX),
        trial={
            "encoder": _numbers(24),
            "trunk": {"name": "mlp", "stages": 3, "width": 64, "dropout": 0.2, "activation": "silu"},
            "optimizer": _adamw(3e-3, 1e-2),
            "batch_size": 256,
            "epochs": 8,
            "patience": 3,
        },
        stages=3,
    ),
    "qm9": Source(
        title="QM9: every subset of seven properties of molecules, 4,000 train rows",
        load=partial(
            _load,
            {
                "source": "qm9",
                "split": {"valid": 0.15, "test": 0.15},
                "train_rows": 4_000,
                "drop": ["zpve", "u0", "u298", "h298", "g298"],
            },
            dict.fromkeys(PROPERTIES, "regression"),
        ),
        tasks=PROPERTIES,
        trial={
            "trunk": {"name": "mlp", "stages": 3, "width": 128, "activation": "silu"},
            "optimizer": _adamw(5e-3, 1e-2),
            "batch_size": 256,
            "epochs": 30,
            "patience": 8,
        },
        stages=3,
    ),
    "clusters": Source(
        title="Planted clusters: every subset of six tasks, three pairs of which belong together",
        load=lambda: planted_clusters().dataset,
        tasks=tuple(planted_clusters().tasks),
        trial={**planted_clusters().trial, "optimizer": _adamw(0.1, 0.01)},
        stages=1,
    ),
}
