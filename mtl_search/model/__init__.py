"""Networks: an encoder, a body of shared stages, heads; each part a frozen configuration that builds it.

``encoders/``, ``trunks/`` and ``sharing/`` hold one file a kind. What flows between them is described by a
`FeatureSpec`: an encoder says what it makes of the inputs, a stage what it makes of features, a task builds
the head for what arrives. Adding a kind takes its file and its name in the union of its package; a user's own
class serves as it is, and is written and read by its import path (`Part`).
"""

from mtl_search.model.cost import NetworkCost, NetworkCosts, NetworkParts, buildable
from mtl_search.model.dropout import Dropout
from mtl_search.model.encoders import (
    Encoder,
    EncoderConfig,
    HuggingFaceConfig,
    ImageConfig,
    MixedConfig,
    SeriesConfig,
    TableConfig,
    TextConfig,
)
from mtl_search.model.network import Network, rows_at_once
from mtl_search.model.part import Part
from mtl_search.model.sharing import (
    Body,
    CgcConfig,
    CrossStitchConfig,
    Gate,
    HardSharing,
    MmoeConfig,
    PleConfig,
    Sharing,
    SharingConfig,
    SoftSharing,
)
from mtl_search.model.trunks import (
    CnnConfig,
    Conv1dConfig,
    HuggingFaceTrunkConfig,
    MlpConfig,
    ResNetConfig,
    TimmConfig,
    TransformerConfig,
    Trunk,
    TrunkConfig,
)

__all__ = [
    "Body",
    "CgcConfig",
    "CnnConfig",
    "Conv1dConfig",
    "CrossStitchConfig",
    "Dropout",
    "Encoder",
    "EncoderConfig",
    "Gate",
    "HardSharing",
    "HuggingFaceConfig",
    "HuggingFaceTrunkConfig",
    "ImageConfig",
    "MixedConfig",
    "MlpConfig",
    "MmoeConfig",
    "Network",
    "NetworkCost",
    "NetworkCosts",
    "NetworkParts",
    "Part",
    "PleConfig",
    "ResNetConfig",
    "SeriesConfig",
    "Sharing",
    "SharingConfig",
    "SoftSharing",
    "TableConfig",
    "TextConfig",
    "TimmConfig",
    "TransformerConfig",
    "Trunk",
    "TrunkConfig",
    "buildable",
    "rows_at_once",
]
