"""The trunks, one file each."""

from typing import Annotated

from pydantic import Field, SerializeAsAny

from mtl_search.model.trunks.cnn import CnnConfig
from mtl_search.model.trunks.conv1d import Conv1dConfig
from mtl_search.model.trunks.huggingface import HuggingFaceTrunkConfig
from mtl_search.model.trunks.mlp import MlpConfig
from mtl_search.model.trunks.resnet import ResNetConfig
from mtl_search.model.trunks.timm import TimmConfig
from mtl_search.model.trunks.transformer import TransformerConfig
from mtl_search.model.trunks.trunk import Trunk
from mtl_search.own import own_or

__all__ = [
    "CnnConfig",
    "Conv1dConfig",
    "HuggingFaceTrunkConfig",
    "MlpConfig",
    "ResNetConfig",
    "TimmConfig",
    "TransformerConfig",
    "Trunk",
    "TrunkConfig",
]

BuiltIn = (
    MlpConfig
    | ResNetConfig
    | CnnConfig
    | TransformerConfig
    | Conv1dConfig
    | HuggingFaceTrunkConfig
    | TimmConfig
)

TrunkConfig = Annotated[
    SerializeAsAny[Annotated[BuiltIn, Field(discriminator="name")]],
    own_or(Trunk, "a trunk's"),
]
"""Any trunk, discriminated by its name."""
