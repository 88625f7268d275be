"""What was fitted on the train rows, inputs and tasks, as JSON values and back."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from mtl_search.data.encoding import Encoding
from mtl_search.tasks import Binary, Multiclass, Multilabel, Regression, Task

__all__ = ["encoding_from_json", "encoding_to_json", "tasks_from_json", "tasks_to_json"]

_ENCODING = TypeAdapter(Encoding)
_KINDS: Mapping[str, TypeAdapter[Any]] = {
    "binary": TypeAdapter(Binary),
    "multiclass": TypeAdapter(Multiclass),
    "multilabel": TypeAdapter(Multilabel),
    "regression": TypeAdapter(Regression),
}


def encoding_to_json(encoding: Encoding) -> dict[str, Any]:
    """The columns and what was fitted to them."""
    value: dict[str, Any] = _ENCODING.dump_python(encoding)
    return value


def encoding_from_json(value: object) -> Encoding:
    """The encoding that was written as ``value``."""
    return _ENCODING.validate_python(value)


def tasks_to_json(tasks: Mapping[str, Task]) -> list[dict[str, Any]]:
    """The tasks in order, each with its kind."""
    return [{"kind": task.kind, **_KINDS[task.kind].dump_python(task)} for task in tasks.values()]


def tasks_from_json(values: list[dict[str, Any]]) -> dict[str, Task]:
    """The tasks that were written as ``values``, by name."""
    tasks = (
        _KINDS[value["kind"]].validate_python({k: v for k, v in value.items() if k != "kind"})
        for value in values
    )
    return {task.name: task for task in tasks}
