"""What stands in JSON beside the weights of a trained model, whatever its kind."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, TypeAdapter, ValidationError

from mtl_search.data.encoding import Encoding
from mtl_search.errors import BundleError, Mismatch
from mtl_search.tasks import AnyTask, Task

__all__ = ["FORMAT", "Described", "json_text", "read_fields", "reading", "write_description"]

FORMAT = 2  # of the folder of a trained model; a later one says so
OWN = "run it where the module is"
NUMBERS = re.compile(r"\[\n\s*((?:-?\d[\d.e+-]*,\s+)*-?\d[\d.e+-]*)\s*\]")  # no text has a line break in JSON

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
    path.write_text(json_text(description), encoding="utf-8")


def json_text(value: object) -> str:
    """JSON to be looked at: a line for each thing, but one for a list of numbers, such as quantiles.

    >>> print(json_text({"of": [[0.5, 1e-06], ["a"]]}), end="")
    {
     "of": [
      [0.5, 1e-06],
      [
       "a"
      ]
     ]
    }
    """
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """BundleError for values in a file that cannot be read: a class of the user's own is perhaps not here."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        place, wrong = ".".join(map(str, first["loc"])), first.get("ctx", {}).get("error")
        if not isinstance(wrong, Mismatch):
            raise BundleError(f"{file}: {place}", "what export wrote", first["msg"]) from error
        hint = f"{OWN}, or put its folder into PYTHONPATH" if "module:Class" in wrong.expected else wrong.hint
        raise BundleError(f"{file}: {place}", wrong.expected, wrong.found, hint) from error


def read_fields(described: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that all kinds have but the configuration, as values."""
    return {
        "inputs": _INPUTS.validate_python(described["inputs"]),
        "tasks": {task.name: task for task in _TASKS.validate_python(described["tasks"])},
        "seed": described["seed"],
        "versions": described["versions"],
    }
