"""The kinds of input, one file each: what is fitted on train, and how columns become tensors.

``mtl_search.data.encoding`` decides which columns are of which kind. Adding one takes its file, its part of
`InputShape`, and its names in ``KINDS`` and in the unions below.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from mtl_search.data.inputs.categorical import CategoricalInputs, CategoricalOptions
from mtl_search.data.inputs.fitted import FittedInputs, InputOptions
from mtl_search.data.inputs.image import ImageInputs, ImageOptions
from mtl_search.data.inputs.numeric import NumericInputs, NumericOptions
from mtl_search.data.inputs.series import SeriesInputs, SeriesOptions
from mtl_search.data.inputs.text import TextInputs, TextOptions

__all__ = [
    "KINDS",
    "AnyInputs",
    "AnyOptions",
    "CategoricalInputs",
    "FittedInputs",
    "ImageInputs",
    "InputOptions",
    "NumericInputs",
    "SeriesInputs",
    "SeriesOptions",
    "TextInputs",
]

Fitted: TypeAlias = NumericInputs | CategoricalInputs | ImageInputs | TextInputs | SeriesInputs

KINDS: Mapping[str, type[Fitted]] = MappingProxyType(
    {
        "numeric": NumericInputs,
        "categorical": CategoricalInputs,
        "image": ImageInputs,
        "text": TextInputs,
        "series": SeriesInputs,
    }
)
"""The first that reads a column's type takes it, if nothing is said of the column."""

AnyInputs: TypeAlias = Annotated[Fitted, Field(discriminator="kind")]
"""Fitted inputs of any kind."""


def _from_kind(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


AnyOptions: TypeAlias = Annotated[
    Annotated[
        NumericOptions | CategoricalOptions | ImageOptions | TextOptions | SeriesOptions,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_from_kind),
]
"""What a sweep file says of a column."""
