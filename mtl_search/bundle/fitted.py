"""What was fitted on the train rows, inputs and tasks, as JSON values and back."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from mtl_search.data.encoding import Encoding
from mtl_search.tasks import AnyTask, Task

__all__ = ["encoding_from_json", "encoding_to_json", "tasks_from_json", "tasks_to_json"]

_ENCODING = TypeAdapter(Encoding)
_TASKS = TypeAdapter(list[AnyTask])


def encoding_to_json(encoding: Encoding) -> dict[str, Any]:
    """The columns and what was fitted to them."""
    value: dict[str, Any] = _ENCODING.dump_python(encoding)
    return value


def encoding_from_json(value: object) -> Encoding:
    """The encoding that was written as ``value``."""
    return _ENCODING.validate_python(value)


def tasks_to_json(tasks: Mapping[str, Task]) -> list[dict[str, Any]]:
    """The tasks in order, each with its kind."""
    values: list[dict[str, Any]] = _TASKS.dump_python([*tasks.values()])  # type: ignore[list-item]
    return values


def tasks_from_json(values: object) -> dict[str, Task]:
    """The tasks that were written as ``values``, by name."""
    return {task.name: task for task in _TASKS.validate_python(values)}
