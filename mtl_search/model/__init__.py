"""The branched network and its trunks.

A network is a tree of nodes: at each stage one copy of the trunk's stage for every group of members that go
together, its input the output of its parent. Nodes and parents are kept as flat lists, not as nested modules:
a forward pass is one loop that visits each node once, and networks of one trunk can later be trained side by
side as one batched computation. Before the first stage stands the encoder, which all members share.

A trunk is a frozen configuration that builds its own parts. Adding one takes a file in ``stages/`` and its
name in ``TrunkConfig`` below; an instance of one's own ``Trunk`` subclass serves as it is, and is written and
read by where its class is imported from.
"""

import pkgutil
from collections.abc import Mapping
from inspect import isabstract
from typing import Annotated

from pydantic import Field, SerializeAsAny, ValidatorFunctionWrapHandler, WrapValidator

from mtl_search.errors import Mismatch
from mtl_search.model.cost import NetworkCost, NetworkCosts, NetworkParts, count_flops, count_parameters
from mtl_search.model.network import Network
from mtl_search.model.sharing import HardSharing, Sharing, SharingConfig
from mtl_search.model.trunks.mlp import MlpConfig
from mtl_search.model.trunks.resnet import ResNetConfig
from mtl_search.model.trunks.trunk import Trunk

__all__ = [
    "HardSharing",
    "MlpConfig",
    "Network",
    "NetworkCost",
    "NetworkCosts",
    "NetworkParts",
    "ResNetConfig",
    "Sharing",
    "SharingConfig",
    "Trunk",
    "TrunkConfig",
    "count_flops",
    "count_parameters",
]


def _accept_trunk(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    """A trunk as it is; a mapping named ``module:Class`` as the user's own class of trunks."""
    if isinstance(value, Trunk):
        if ":" in value.name and _import_trunk(value.name) is not type(value):
            raise Mismatch("a trunk's module:Class", f"{value.name!r}, which is another class")
        return value
    if isinstance(value, Mapping) and ":" in str(value.get("name")):
        return _import_trunk(str(value["name"])).model_validate(value, strict=False)
    return parse(value)


def _import_trunk(path: str) -> type[Trunk]:
    try:
        found = pkgutil.resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise Mismatch("a trunk's module:Class", f"{path!r}: {error}") from None
    if not isinstance(found, type) or not issubclass(found, Trunk) or isabstract(found):
        raise Mismatch("a trunk's module:Class", f"{path!r}, which is none")
    return found


TrunkConfig = Annotated[
    SerializeAsAny[Annotated[MlpConfig | ResNetConfig, Field(discriminator="name")]],
    WrapValidator(_accept_trunk),
]
"""Any trunk, told apart by its name."""
