"""What a network costs, counted on the meta device: nothing is allocated, nothing computed."""

from collections.abc import Sequence

import torch
from torch.utils.flop_counter import FlopCounterMode

from mtl_search.data.rows import InputShape
from mtl_search.design.branching import Branching
from mtl_search.model.network import Network
from mtl_search.model.trunk import Trunk
from mtl_search.tasks.base import Task

__all__ = ["count_flops", "count_parameters"]


def count_parameters(branching: Branching, trunk: Trunk, tasks: Sequence[Task], shape: InputShape) -> int:
    """The number of trainable values of the network, heads included."""
    with torch.device("meta"):
        network = Network(branching, trunk, tasks, shape)
    return sum(parameter.numel() for parameter in network.parameters())


def count_flops(branching: Branching, trunk: Trunk, tasks: Sequence[Task], shape: InputShape) -> int:
    """The FLOPs of a forward pass of one row: a multiplication and an addition in each matrix product."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.no_grad():
        network = Network(branching, trunk, tasks, shape).eval()
        network({
            "numeric": torch.empty(1, shape.n_numeric),
            "categorical": torch.empty(1, len(shape.cardinalities), dtype=torch.int64),
        })
    return int(counter.get_total_flops())
