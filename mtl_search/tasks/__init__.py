"""The kinds of task: what a target is, how it is learned and how it is judged.

One file per kind. A sweep file says ``death: binary``, or ``death: {kind: binary, pos_weight: balanced}``;
that is the kind's ``Config``, whose ``fit`` makes the task from the labels of the train rows. Everything that
depends on the kind is asked of the task (encoding, head, loss, metrics, the mask of missing labels), so that
no other package ever asks which kind it is. Adding a kind touches its own file and the two unions below.

Missing labels are masked rather than gathered: a gather by a boolean mask has a size that only the device
knows, and waiting for it would stall a GPU in every step.

A kind has one label a row, or one at each position of an input (`dense`): each pixel of an image, each token
of a text. Of these nobody holds the outputs of all rows; what metrics need are sums a row.
"""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    SerializationInfo,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    WrapSerializer,
    WrapValidator,
)

from mtl_search.own import import_own, is_path, own_or
from mtl_search.tasks.base import Column, Layout, Level, Task, TaskOptions
from mtl_search.tasks.binary import Binary
from mtl_search.tasks.boosting import Boosting
from mtl_search.tasks.dense import DenseOptions, DenseTask
from mtl_search.tasks.multiclass import Multiclass
from mtl_search.tasks.multilabel import Multilabel
from mtl_search.tasks.pixel_regression import PixelRegression
from mtl_search.tasks.regression import Regression
from mtl_search.tasks.segmentation import Segmentation
from mtl_search.tasks.tagging import Tagging

__all__ = [
    "AnyTask",
    "Binary",
    "Boosting",
    "Column",
    "DenseOptions",
    "DenseTask",
    "Layout",
    "Level",
    "Multiclass",
    "Multilabel",
    "PixelRegression",
    "Regression",
    "Segmentation",
    "Tagging",
    "Task",
    "TaskConfig",
    "TaskOptions",
]

OWN = "a task's"

AnyConfig: TypeAlias = Annotated[
    Binary.Config
    | Multiclass.Config
    | Multilabel.Config
    | Regression.Config
    | Segmentation.Config
    | PixelRegression.Config
    | Tagging.Config,
    Field(discriminator="kind"),
]

BuiltIn: TypeAlias = Annotated[
    Binary | Multiclass | Multilabel | Regression | Segmentation | PixelRegression | Tagging,
    Field(discriminator="kind"),
]


def _read_own(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    if isinstance(value, Mapping) and is_path(path := value.get("kind")):
        found: type = import_own(path, Task, OWN)  # type: ignore[type-abstract]
        return TypeAdapter(found).validate_python(value)
    return value if isinstance(value, Task) and is_path(value.kind) else parse(value)


def _write_own(value: Task, write: SerializerFunctionWrapHandler, info: SerializationInfo) -> object:
    if is_path(value.kind):
        return TypeAdapter[Task](type(value)).dump_python(
            value, mode="json" if info.mode_is_json() else "python"
        )
    return write(value)


AnyTask: TypeAlias = Annotated[BuiltIn, WrapValidator(_read_own), WrapSerializer(_write_own)]
"""A fitted task of any kind, for pydantic to write as JSON and read again."""


def _from_kind(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


def _options(task: type) -> type:
    """The ``Config`` of a task; options are their own."""
    config = getattr(task, "Config", task)
    return config if isinstance(config, type) else task


TaskConfig: TypeAlias = Annotated[
    SerializeAsAny[AnyConfig],
    own_or(TaskOptions, OWN, "kind", _options),
    BeforeValidator(_from_kind),
]
"""The options of a task of any kind; the kind's name alone stands for its defaults; a user's own is named
``module:Class``, the class of the task, whose ``Config`` has the options."""
