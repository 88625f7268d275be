"""What a network costs, counted on the meta device: nothing is allocated, nothing computed."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

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
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def count_flops(branching: Branching, trunk: Trunk, tasks: Sequence[Task], shape: InputShape) -> int:
    """The FLOPs of a forward pass of one row: a multiplication and an addition for each weight it meets.

    What PyTorch's FLOP counter knows is counted: matrix products, convolutions and attention.
    """
    with torch.device("meta"):
        network = Network(branching, trunk, tasks, shape).eval()
        inputs = {
            "numeric": torch.empty(1, shape.n_numeric),
            "categorical": torch.empty(1, len(shape.cardinalities), dtype=torch.int64),
        }
    with torch.no_grad(), _FlopCount() as count:
        network(inputs)
    return int(count.total)


class _FlopCount(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types here
    """Adds up PyTorch's own FLOP formulas; its FlopCounterMode also breaks them down by module, 3x slower."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.total += int(formula(*args, **(kwargs or {}), out_val=out))
        return out
