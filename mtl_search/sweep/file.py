"""The sweep as it is run, kept in the results folder: all that a resume needs to know of it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from mtl_search.data import is_local_file
from mtl_search.leaderboard import SWEEP_FILE, SweepLeaves, replace_file
from mtl_search.sweep.spec import SweepSpec
from mtl_search.sweep.storage import anchored

__all__ = ["SWEEP_FILE", "leaves", "save_sweep", "with_budget", "with_changes"]


def with_changes(
    spec: SweepSpec, *, name: str | None = None, trials: int | None = None, hours: float | None = None
) -> SweepSpec:
    """The same sweep under another name or with another budget of trials or hours, checked again."""
    value: dict[str, Any] = dict(spec.document.data)
    if name is not None:
        value["name"] = name
    if trials is not None or hours is not None:
        amounts = ("trials", "hours", "reference_hours")
        budget = {key: item for key, item in value["budget"].items() if key not in amounts}
        amount = {"trials": trials} if trials is not None else {"hours": hours}
        value["budget"] = {**budget, **amount}
    return SweepSpec.from_value(value, spec.base)


def with_budget(spec: SweepSpec, **amounts: float) -> SweepSpec:
    """The same sweep with these options of its budget, checked again."""
    value: dict[str, Any] = dict(spec.document.data)
    value["budget"] = {**value["budget"], **amounts}
    return SweepSpec.from_value(value, spec.base)


def save_sweep(spec: SweepSpec, folder: Path) -> None:
    """Write ``sweep.yaml`` in one go."""
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 110
    replace_file(folder / SWEEP_FILE, lambda file: yaml.dump(_saved(spec), file))


def leaves(spec: SweepSpec) -> SweepLeaves:
    """What ``sweep.yaml`` says of the sweep, leaf by leaf."""
    return dict(_leaves(_saved(spec), ()))


def _saved(spec: SweepSpec) -> Any:
    """The value of a sweep file that says the same wherever it stands.

    A relative path to data or to a database is made absolute, so that it still leads there, and a trunk
    configured in Python becomes the mapping that it is read from again.
    """
    value: dict[str, Any] = dict(spec.document.data)
    value["data"] = _anchored(value["data"], spec.base)
    if spec.settings.storage is not None:
        value["storage"] = anchored(spec.settings.storage, spec.base)
    return _written(value)


def _leaves(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    else:
        yield path, json.dumps(value, default=str)


def _written(value: object) -> object:
    """``value`` with what was configured in Python as mappings: parts, weightings, tasks."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    return value


def _anchored(data: Mapping[str, Any], base: Path) -> dict[str, Any]:
    source = data["source"]
    local = is_local_file(source)
    return {**data, "source": str((base / Path(source).expanduser()).resolve()) if local else source}
