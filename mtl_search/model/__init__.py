"""The branched network and its trunks.

A network is a tree of nodes: at each stage one copy of the trunk's stage for every group of members that go
together, its input the output of its parent. Nodes and parents are kept as flat lists, not as nested modules:
a forward pass is one loop that visits each node once, and networks of one trunk can later be trained side by
side as one batched computation. Before the first stage stands the encoder, which all members share.

A trunk is a frozen configuration that builds its own parts. Adding one takes a file in ``stages/`` and its
name in ``TrunkConfig`` below; in Python an instance of one's own ``Trunk`` subclass serves as it is, and a
sweep file may name it where the class is imported.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, SerializeAsAny, ValidatorFunctionWrapHandler, WrapValidator

from mtl_search.model.cost import NetworkCost, NetworkCosts, count_flops, count_parameters
from mtl_search.model.network import Network
from mtl_search.model.stages.mlp import MlpConfig
from mtl_search.model.stages.resnet import ResNetConfig
from mtl_search.model.trunk import Trunk

__all__ = [
    "MlpConfig",
    "Network",
    "NetworkCost",
    "NetworkCosts",
    "ResNetConfig",
    "Trunk",
    "TrunkConfig",
    "count_flops",
    "count_parameters",
]


def _accept_trunk(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    """A trunk; a mapping is read as the user's own class of that name, if there is one."""
    if isinstance(value, Trunk):
        return value
    own = Trunk.named(value.get("name")) if isinstance(value, Mapping) else None
    return parse(value) if own in (None, MlpConfig, ResNetConfig) else own.model_validate(value)


TrunkConfig = Annotated[
    SerializeAsAny[Annotated[MlpConfig | ResNetConfig, Field(discriminator="name")]],
    WrapValidator(_accept_trunk),
]
"""Any trunk, told apart by its name."""
