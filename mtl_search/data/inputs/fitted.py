"""What every kind of input offers: how columns of its type become tensors, fitted on the train rows."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from mtl_search.data.notes import Note
from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.data.streamed import AnyTable, columns_of, parts_of
from mtl_search.errors import Mismatch
from mtl_search.tasks.base import Layout

__all__ = ["NOTHING", "FittedInputs", "InputOptions", "columns_of", "one_each", "parts_of"]


class InputOptions(BaseModel, ABC):
    """What a sweep file says of a column that is an input; the kind's name alone stands for its defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: str

    def with_files(self, base: Path) -> Self:
        """The same, with what the files hold that these options name; a relative path starts at ``base``."""
        return self

    @property
    def spelled(self) -> Any:
        """As it is written in a sweep file: the kind's name, or all that differs from its defaults."""
        options = self.model_dump(mode="json", exclude_defaults=True) | {"kind": self.kind}
        return self.kind if len(options) == 1 else options


NOTHING: Mapping[str, InputOptions] = MappingProxyType({})


def one_each(columns: Sequence[str], **parts: Sequence[object]) -> None:
    """Mismatch unless each column is there once, and each part has one thing for each of them."""
    if len(set(columns)) < len(columns):
        raise Mismatch("each column once", ", ".join(columns))
    for name, part in parts.items():
        if len(part) != len(columns):
            raise Mismatch(f"{name} of {len(columns)} columns", f"those of {len(part)}")


class FittedInputs(ABC):
    """The columns of one kind; the final classes are frozen, and pydantic reads and writes them as JSON.

    Tensors are as compact as may be, since all workers of a node share them; what is cheap to compute from
    them, such as scaling pixels, is left to the encoder.
    """

    __slots__ = ()

    kind: str
    """Its name in a sweep file, with which the names of its tensors in ``Inputs`` begin."""
    columns: tuple[str, ...]

    @staticmethod
    @abstractmethod
    def reads(kind: pa.DataType) -> bool:
        """Whether a column of this Arrow type is of this kind."""

    @classmethod
    def takes(cls, kind: pa.DataType) -> bool:
        """Whether a column of this Arrow type can be read if it is declared to be of this kind."""
        return cls.reads(kind)

    @classmethod
    @abstractmethod
    def fit(
        cls, train: AnyTable, columns: tuple[str, ...], options: Mapping[str, InputOptions] = NOTHING
    ) -> Self:
        """What must be known of these columns, from train rows and what was said of some of them.

        Columns of values of any size are to be read in parts, see `parts_of`.
        """

    @property
    @abstractmethod
    def shape(self) -> InputShape:
        """What a network must know of them: its part of the shape of all inputs."""

    @abstractmethod
    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """The columns of any rows, and what people may have to know of these."""

    @final
    def encode(self, table: pa.Table) -> Inputs:
        """The columns of any rows."""
        return self.encode_with_notes(table)[0]

    def extents(self, table: pa.Table, column: str) -> NDArray[np.int64] | None:
        """N x A: how long each row of a column in ``layouts`` is along each axis, as it is stored.

        -1 where it is missing or does not say, None if no row does.
        """
        return None

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The columns that labels of parts of a row may lie over."""
        return {}
