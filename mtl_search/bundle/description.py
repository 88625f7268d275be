"""Description: ``model.json``, what a bundle is and how its predictions are made."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self, final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mtl_search.bundle.described import FORMAT, check_format, json_text, reading
from mtl_search.bundle.trained_trees import AnyTrained
from mtl_search.data import DataSpec, Encoding
from mtl_search.errors import BundleError, Mismatch
from mtl_search.leaderboard import replace_folder
from mtl_search.tasks import AnyTask, DenseTask, Multilabel, TaskConfig

__all__ = ["CARD", "MODEL", "Description", "DesignInfo", "ModelEntry", "read_description", "write_bundle"]

MODEL, CARD = "model.json", "README.md"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


@final
class ModelEntry(_Value):
    """One trained model: its ``folder`` in the bundle, and the tasks that it serves."""

    kind: Literal["network", "trees"] = "network"
    folder: str
    seed: int
    tasks: tuple[str, ...]


@final
class DesignInfo(_Value):
    """Of which sweep and design the models are; ``final``: trained on all rows, test among them."""

    sweep: str
    design_id: str
    arm: str
    text: str
    final: bool = False


@final
class Description(_Value):
    """All that is known of a bundle but its weights.

    ``data`` says how a table is read and ``options`` how the labels of each task are; ``inputs`` is the
    encoding of the columns, fitted on train; ``files`` has the SHA-256 of every file but the card.
    """

    format: Literal[2] = FORMAT
    design: DesignInfo
    data: DataSpec
    fingerprint: str
    inputs: Encoding
    tasks: Annotated[tuple[AnyTask, ...], Field(min_length=1)]
    options: dict[str, TaskConfig]
    models: Annotated[tuple[ModelEntry, ...], Field(min_length=1)]
    versions: dict[str, str]
    files: dict[str, str] = {}

    @model_validator(mode="after")
    def _every_task_once_and_served(self) -> Self:
        names = [task.name for task in self.tasks]
        served = {name for entry in self.models for name in entry.tasks}
        for what, found in (("tasks", sorted(names)), ("models", sorted(served))):
            if found != sorted(self.options):
                expected = f"options of the same tasks as {what}: {', '.join(found)}"
                raise Mismatch(expected, ", ".join(self.options) or "none")
        return self

    @model_validator(mode="after")
    def _tasks_of_their_options_and_inputs(self) -> Self:
        layouts = self.inputs.layouts
        for task in self.tasks:
            options = self.options[task.name]
            sources = task.sources if isinstance(task, Multilabel) else None
            if options.kind != task.kind or sources not in (None, options.source_columns(task.name)):
                raise Mismatch(f"options of {task.name!r}, a {task.kind} task", repr(options.kind))
            if isinstance(task, DenseTask):
                over = layouts.get(task.over)
                if over is None or over.positions != task.positions:
                    found = "none" if over is None else f"one of {over.positions}"
                    raise Mismatch(f"the input {task.over!r} of {task.positions}", found, about=task.name)
        return self


def write_bundle(
    out: Path,
    description: Description,
    networks: Mapping[str, AnyTrained],
    card: str = "",
    also: Callable[[Path], None] = lambda folder: None,
) -> None:
    """Write a bundle in one go: its description, the network of each folder, and its card.

    ``also`` may add files to the folder. What was at ``out`` is replaced; readers see the whole old one, the
    whole new one, or none.
    """

    def write(folder: Path) -> None:
        for name, trained in networks.items():
            trained.save(folder / name)
        also(folder)
        whole = description.model_copy(update={"files": hashes(folder)})
        (folder / MODEL).write_text(json_text(json.loads(whole.model_dump_json())), encoding="utf-8")
        (folder / CARD).write_text(card, encoding="utf-8")

    replace_folder(out, write)


def read_description(folder: Path) -> Description:
    """The description of a bundle, whose files are all there and as they were written; else BundleError."""
    try:
        text = (folder / MODEL).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        what = "no such folder" if not folder.exists() else f"none with {MODEL}"
        what = "a file" if folder.is_file() else what
        raise BundleError(str(folder), "a bundle, as mtl-search export makes it", what) from None
    except (OSError, UnicodeError) as error:
        raise BundleError(str(folder / MODEL), "JSON in UTF-8", str(error)) from error
    check_format(folder / MODEL, text, "a bundle")
    with reading(folder / MODEL):
        description = Description.model_validate_json(text)
    _check_files(folder, description)
    return description


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file below a folder, the card and the description left out, by its path there."""
    return {name: _hash(path) for name, path in _files(folder)}


def _check_files(folder: Path, description: Description) -> None:
    wanted = description.files
    for name in (*wanted, *(entry.folder for entry in description.models)):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BundleError(str(folder / MODEL), "names of files within the bundle", name)
    for entry in description.models:
        if not any(PurePosixPath(name).is_relative_to(entry.folder) for name in wanted):
            raise BundleError(str(folder / MODEL), f"files of {entry.folder}", "none that it vouches for")
    for name, known in wanted.items():
        path = folder / name
        if not path.is_file():
            raise BundleError(str(folder), f"the file {name}", "none of that name", "copy the whole folder")
        if _hash(path) != known:
            hint = "it was changed or damaged since: copy or export it again"
            raise BundleError(str(path), f"the file with SHA-256 {known[:12]}...", "another content", hint)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in (MODEL, CARD):
            yield name, path


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
