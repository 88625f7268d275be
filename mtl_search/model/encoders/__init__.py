"""The encoders, one file each."""

from typing import Annotated

from pydantic import SerializeAsAny

from mtl_search.model.encoders.encoder import Encoder
from mtl_search.model.encoders.table import TableConfig
from mtl_search.model.part import own_or

__all__ = ["Encoder", "EncoderConfig", "TableConfig"]

EncoderConfig = Annotated[SerializeAsAny[TableConfig], own_or(Encoder, "an encoder's")]
"""Any encoder."""
