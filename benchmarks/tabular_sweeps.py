"""The sweeps of ``tabular.py``: the kinds of network that are compared, and their budgets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_search.arm_names import SEARCH
from mtl_search.sweep import SweepSpec, load_sweep

__all__ = ["DATASETS", "KINDS", "MLP", "sweep_of"]

SHIPPED = Path(__file__).parents[1] / "search_spaces"


@dataclass(frozen=True)
class Budget:
    """Trials of a reference for each task; the other arms have as many for each task, all together."""

    reference_trials: int
    batch_size: int
    epochs: int
    patience: int


DATASETS: Mapping[str, Budget] = {
    "support2_nine": Budget(reference_trials=4, batch_size=256, epochs=25, patience=6),
    "census_income": Budget(reference_trials=6, batch_size=256, epochs=8, patience=3),
    "yeast": Budget(reference_trials=5, batch_size=64, epochs=25, patience=6),
}

DROPOUT = {"float": [0.0, 0.5]}
WIDTH = {"categorical": [64, 128, 256]}
MLP = {"name": "mlp", "stages": {"int": [1, 3]}, "width": WIDTH, "dropout": DROPOUT}
PLE = {"numeric": {"name": "ple", "bins": {"int": [8, 48]}}}
PERIODIC = {"numeric": {"name": "plr", "sigma": {"float": [0.01, 1.0], "log": True}}}
REALMLP = {"name": "benchmarks.realmlp:RealMlp", "activation": "mish", "scaling": 6.0, "parametric": 0.1}
COPIES = 8

KINDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    SEARCH: ("MLP", {}),
    "resnet": ("ResNet", {"trunk": {**MLP, "name": "resnet"}}),
    "mlp_ple": ("MLP + PLE", {"encoder": PLE}),
    "realmlp": ("RealMLP-like", {"encoder": PERIODIC, "trunk": {**MLP, **REALMLP}}),
    "copies": (f"MLP, {COPIES} copies", {"copies": COPIES}),
    "copies_ple": (f"MLP + PLE, {COPIES} copies (TabM-mini)", {"encoder": PLE, "copies": COPIES}),
}
"""By arm: a title, and how it differs from the plain MLP. The arm of the search is the plain MLP itself."""


def sweep_of(name: str, *, quick: bool, resources: Mapping[str, Any]) -> SweepSpec:
    """The sweep over the rows and tasks of the shipped one of that name."""
    shipped: Mapping[str, Any] = load_sweep(SHIPPED / f"{name}.yaml").document.data
    size, tasks = DATASETS[name], len(shipped["tasks"])
    each = 1 if quick else size.reference_trials
    data = {**shipped["data"], **({"rows": 3000} if quick else {})}
    return SweepSpec.from_value(
        {
            "name": f"tabular_{name}{'_quick' if quick else ''}",
            "data": data,
            "tasks": shipped["tasks"],
            "objective": {"max_networks": 1},
            "budget": {
                "trials": 2 if quick else each * tasks,
                "reference_trials": each,
                "repeats": 1 if quick else 2,
                "finalists": 1,
                "seeds": 2 if quick else 5,
            },
            "references": {"linear": False, "trees": True, "catch_up": False},
            "resources": {**resources},
            "pruner": {"name": "asha", "min_epochs": 5, "reduction_factor": 3},
            "keep": "none",
            "arms": {arm: dict(differs) for arm, (_, differs) in KINDS.items() if arm != SEARCH},
            "trial": {
                "members": "all",
                "sharing": "shared",
                "trunk": MLP,
                "optimizer": {
                    "name": "adamw",
                    "lr": {"float": [5e-4, 1.5e-2], "log": True},
                    "weight_decay": {"float": [1e-5, 1e-1], "log": True},
                },
                "batch_size": size.batch_size,
                "epochs": 4 if quick else size.epochs,
                "patience": size.patience,
            },
        }
    )
