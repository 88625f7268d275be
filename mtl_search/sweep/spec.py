"""SweepSpec: a sweep file, read and checked whole before anything runs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from mtl_search.arm_names import ALONE_ARMS, OUR_ARMS
from mtl_search.design import check_task_name
from mtl_search.design.names import check_name as check_plain_name
from mtl_search.errors import Mismatch, nearest
from mtl_search.records import Phase
from mtl_search.space import Document, SearchSpace, load_document, spec_error
from mtl_search.sweep.left_out import without_tasks
from mtl_search.sweep.settings import Settings
from mtl_search.training import TrialConfig

__all__ = ["RESERVED_ARMS", "SweepSpec", "load_sweep"]

RESERVED_ARMS = (*OUR_ARMS, Phase.REPLICATION.value, Phase.CONFIRMATION.value)
OF_STUDIES = tuple(f"{arm}." for arm in ALONE_ARMS)  # what the names of their studies begin with
SPACES = ("trial", "arms")


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """What a sweep file says. Made by ``load_sweep`` or, from Python values, by ``SweepSpec.from_value``.

    ``arms`` are the user's own; ``base`` is the folder that a relative ``data.source`` starts from.
    """

    settings: Settings
    space: SearchSpace
    arms: Mapping[str, SearchSpace]
    document: Document
    base: Path

    @classmethod
    def from_value(cls, value: Mapping[str, object], base: Path | None = None) -> Self:
        """The sweep that ``value``, of the shape of a sweep file, describes; SpecError if it is wrong."""
        return cls.from_document(Document.from_value(value), base or Path.cwd())

    @classmethod
    def from_document(cls, document: Document, base: Path) -> Self:
        """Check everything and build the spaces; SpecError with file, line and path where something is
        wrong."""
        settings = _settings(document)
        space = SearchSpace.parse(
            _block(document, "trial"), settings.all_tasks, document, ("trial",), TrialConfig.model_validate
        )
        check_members(document, ("trial",), space, settings)
        arms = {}
        for name, part in _arms(document).items():
            path = ("arms", name)
            if name in RESERVED_ARMS or name.startswith(OF_STUDIES):
                raise document.error(path, "a name of your own", f"{name!r}, which every sweep has")
            check_name(document, path, name)
            arms[name] = space.override(part, path)
            check_members(document, path, arms[name], settings)
        return cls(settings, space, arms, document, base)

    def of_tasks(self, names: Collection[str]) -> Self:
        """The same sweep of these of its tasks alone; SpecError if ``trial`` or an arm names another."""
        others = self.settings.tasks.keys() - set(names)
        if not others:
            return self
        document = replace(self.document, data=without_tasks(self.document.data, others))
        return self.from_document(document, self.base)

    def without_references(self, names: Collection[str]) -> Self:
        """The same sweep without these of its optional references."""
        references: Any = {**self.settings.references.model_dump(), **dict.fromkeys(names, False)}
        document = replace(self.document, data={**self.document.data, "references": references})
        return self.from_document(document, self.base)

    def override(self, part: Mapping[str, object]) -> SearchSpace:
        """The space of an arm of ours: keys of ``trial:`` replaced whole."""
        return self.space.override(part, ("arms",))

    @property
    def max_epochs(self) -> int:
        """The largest number of epochs that a trial may train."""
        return self.space.largest("epochs", TrialConfig.model_fields["epochs"].default)


def load_sweep(path: Path | str) -> SweepSpec:
    """Read and check the sweep file ``path``.

    Raises SpecError, with file, line and dotted path, for a file that is missing, not YAML, or says
    something that cannot be run.
    """
    path = Path(path)
    return SweepSpec.from_document(load_document(path), path.resolve().parent)


def check_name(document: Document, path: tuple[str, ...], name: str) -> None:
    """SpecError if ``name`` cannot be the name of a task or an arm."""
    try:
        check_task_name(name) if path[0] == "tasks" else check_plain_name(name, "arm")
    except Mismatch as wrong:
        hint = f"name it so and say column: {name!r}" if path[0] == "tasks" else None
        raise document.error(path, wrong.expected, wrong.found, hint) from None


def check_members(document: Document, path: tuple[str, ...], space: SearchSpace, settings: Settings) -> None:
    """SpecError if a space has one set of members, which no design could use."""
    if space.members.is_fixed and not set(space.members.tasks) & set(settings.main_tasks):
        raise document.error((*path, "members"), "at least one main task", "auxiliary tasks alone")


def _settings(document: Document) -> Settings:
    known = {*Settings.model_fields, *SPACES}
    for key in document.data:
        if key not in known:
            raise document.error((key,), "a block of a sweep file", repr(key), nearest(key, known))
    _block(document, "trial")
    tasks = document.data.get("tasks")
    for name in tasks if isinstance(tasks, Mapping) else ():
        check_name(document, ("tasks", name), name)
    try:
        return Settings.model_validate({k: v for k, v in document.data.items() if k not in SPACES})
    except ValidationError as error:
        raise spec_error(error, document, (), model=Settings) from None


def _block(document: Document, name: str) -> Mapping[str, object]:
    block = document.data.get(name)
    if not isinstance(block, Mapping):
        found = "nothing" if name not in document.data else repr(block)
        raise document.error((name,), "a mapping", found)
    return block


def _arms(document: Document) -> Mapping[str, Mapping[str, object]]:
    if "arms" not in document.data:
        return {}
    block = _block(document, "arms")
    for name, part in block.items():
        if not isinstance(part, Mapping):
            raise document.error(("arms", name), "a mapping of what differs from trial:", repr(part))
    return block  # type: ignore[return-value]  # each part was just checked
