"""The branched network and its trunks.

A network is a tree of nodes: at each stage one copy of the trunk's stage for every group of members that go
together, its input the output of its parent. Nodes and parents are kept as flat lists, not as nested modules:
a forward pass is one loop that visits each node once, and networks of one trunk can later be trained side by
side as one batched computation. Below the first stage lies the encoder, which all members share.

A trunk is a frozen configuration that builds its own parts. Adding one takes a file in ``stages/`` and a line
in ``TrunkConfig`` below.
"""

from typing import Annotated

from pydantic import Field

from mtl_search.model.cost import count_flops, count_parameters
from mtl_search.model.network import Network
from mtl_search.model.stages.mlp import MlpConfig
from mtl_search.model.trunk import Trunk

__all__ = ["MlpConfig", "Network", "Trunk", "TrunkConfig", "count_flops", "count_parameters"]

TrunkConfig = Annotated[MlpConfig, Field()]
