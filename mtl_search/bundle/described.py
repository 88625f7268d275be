"""What stands in JSON beside the weights of a trained model, whatever its kind."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, TypeAdapter

from mtl_search.data.encoding import Encoding
from mtl_search.tasks import AnyTask, Task

__all__ = ["FORMAT", "Described", "read_fields", "write_description"]

FORMAT = 2  # of the folder of a trained model; a later one says so

_INPUTS, _TASKS = TypeAdapter(Encoding), TypeAdapter(list[AnyTask])


class Described(Protocol):
    """A trained model, as far as JSON has it."""

    @property
    def config(self) -> BaseModel:
        """How it was trained."""

    @property
    def inputs(self) -> Encoding:
        """What it reads."""

    @property
    def tasks(self) -> Mapping[str, Task]:
        """What it predicts."""

    @property
    def seed(self) -> int:
        """That it was trained on."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Of the packages that trained it."""


def write_description(path: Path, trained: Described, **more: object) -> None:
    """Write the JSON of a trained model, with what else its kind needs."""
    description = {
        "format": FORMAT,
        "config": trained.config.model_dump(mode="json"),
        "inputs": _INPUTS.dump_python(trained.inputs),
        "tasks": _TASKS.dump_python([*trained.tasks.values()]),  # type: ignore[list-item]
        **more,
        "seed": trained.seed,
        "versions": dict(trained.versions),
    }
    text = json.dumps(description, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def read_fields(described: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that all kinds have but the configuration, as values."""
    return {
        "inputs": _INPUTS.validate_python(described["inputs"]),
        "tasks": {task.name: task for task in _TASKS.validate_python(described["tasks"])},
        "seed": described["seed"],
        "versions": described["versions"],
    }
