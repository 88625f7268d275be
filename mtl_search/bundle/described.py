"""What stands in JSON beside the weights of a trained model, whatever its kind."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar, final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mtl_search.data.encoding import Encoding
from mtl_search.errors import BundleError, Mismatch
from mtl_search.tasks import AnyTask, Task

__all__ = ["FORMAT", "Described", "Written", "check_format", "json_text", "reading", "write_description"]

FORMAT: Literal[2] = 2  # of the folder of a trained model, and of a bundle; a later one says so
OWN = "run it where the module is"
NUMBERS = re.compile(r"\[\n\s*((?:-?\d[\d.e+-]*,\s+)*-?\d[\d.e+-]*)\s*\]")  # no text has a line break in JSON

_INPUTS, _TASKS = TypeAdapter(Encoding), TypeAdapter(list[AnyTask])

C = TypeVar("C", bound=BaseModel)


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


@final
class Written(BaseModel, Generic[C]):
    """The same as it is read, with a configuration of one kind, and what else a kind needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2]
    config: C
    inputs: Encoding
    tasks: tuple[AnyTask, ...] = Field(min_length=1)
    models: tuple[str, ...] = ()
    seed: int
    versions: dict[str, str]

    @property
    def by_name(self) -> dict[str, Task]:
        """The tasks by their name."""
        return {task.name: task for task in self.tasks}

    @classmethod
    def read(cls, file: Path, what: str) -> "Written[C]":
        """What stands in a file of ``what``; BundleError if it is not what `write_description` wrote."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise BundleError(str(file.parent), f"{file.name} of {what}", str(error)) from error
        check_format(file, text, what)
        with reading(file):
            return cls.model_validate_json(text)


@final
class _Format(BaseModel):
    """What says of which format the rest is."""

    format: object = None
    versions: object = None


def check_format(file: Path, text: str, what: str) -> None:
    """BundleError unless the JSON in a file is of this version's format."""
    with reading(file):
        found = _Format.model_validate_json(text)
    number = found.format
    if number == FORMAT:
        return
    newer = isinstance(number, int) and number > FORMAT
    older = "made by an earlier mtl_search: export it again" if isinstance(number, int) else None
    versions = found.versions if isinstance(found.versions, dict) else {}
    made = f"made by mtl_search {versions.get('mtl_search', 'a later version')}"
    hint = f"{made}: install that one, or a later one" if newer else older
    raise BundleError(str(file), f"{what} in format {FORMAT}", f"format {number!r:.50}", hint)


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
        place = f"{file}: {place}" if place else str(file)
        if not isinstance(wrong, Mismatch):
            raise BundleError(place, "what mtl_search wrote", first["msg"]) from error
        hint = f"{OWN}, or put its folder into PYTHONPATH" if "module:Class" in wrong.expected else wrong.hint
        raise BundleError(place, wrong.expected, wrong.found, hint) from error
    except Mismatch as wrong:  # of parts that do not fit each other
        raise BundleError(str(file), wrong.expectation, wrong.found, wrong.hint) from wrong
