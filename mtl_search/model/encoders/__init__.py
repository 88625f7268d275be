"""The encoders, one file each."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, SerializeAsAny

from mtl_search.model.encoders.encoder import Encoder
from mtl_search.model.encoders.huggingface import HuggingFaceConfig
from mtl_search.model.encoders.image import ImageConfig
from mtl_search.model.encoders.mixed import MixedConfig
from mtl_search.model.encoders.series import SeriesConfig
from mtl_search.model.encoders.table import TableConfig
from mtl_search.model.encoders.text import TextConfig
from mtl_search.own import own_or

__all__ = [
    "Encoder",
    "EncoderConfig",
    "HuggingFaceConfig",
    "ImageConfig",
    "MixedConfig",
    "SeriesConfig",
    "TableConfig",
    "TextConfig",
]


def _with_name(given: object) -> object:
    """A name alone stands for the defaults, and options alone are those of tables."""
    if isinstance(given, Mapping) and "name" not in given:
        return {"name": "table", **given}
    return {"name": given} if isinstance(given, str) else given


BuiltIn = Annotated[
    TableConfig | ImageConfig | TextConfig | SeriesConfig | MixedConfig | HuggingFaceConfig,
    Field(discriminator="name"),
]

EncoderConfig = Annotated[
    SerializeAsAny[Annotated[BuiltIn, BeforeValidator(_with_name)]],
    own_or(Encoder, "an encoder's"),
]
"""Any encoder."""
