"""What a network costs, counted on the meta device: nothing is allocated, nothing computed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from mtl_search.data.rows import InputShape
from mtl_search.design.branching import Branching
from mtl_search.model.sharing import HardSharing
from mtl_search.model.trunks.trunk import Trunk
from mtl_search.tasks.base import Task

__all__ = ["NetworkConfig", "NetworkCost", "NetworkCosts", "NetworkParts", "count_flops", "count_parameters"]


class NetworkCost(NamedTuple):
    """What a network (or a part of one) costs: trainable values, and FLOPs of a forward pass of one row."""

    n_params: int
    flops: int


class NetworkConfig(Protocol):
    """What a configuration says of its network."""

    @property
    def sharing(self) -> HardSharing:
        """How its members share the trunk."""

    @property
    def trunk(self) -> Trunk:
        """The chain of stages."""


class NetworkParts(NamedTuple):
    """A network without how it is trained."""

    sharing: HardSharing
    trunk: Trunk


class NetworkCosts:
    """The costs of networks of ``tasks`` on inputs of one shape; each part is counted once and remembered.

    A network is one encoder, the copies of each stage, and a head for each member, and so is its cost. A
    search asks for thousands of networks that are made of the same few parts.

    >>> from mtl_search.model.trunks.mlp import MlpConfig
    >>> from mtl_search.testing.toy_networks import toy_tasks
    >>> tasks = {task.name: task for task in toy_tasks(["age", "cost"])}
    >>> costs = NetworkCosts(tasks, InputShape(n_numeric=10))
    >>> costs.of(NetworkParts(HardSharing.model_validate("age cost"), MlpConfig(stages=1, width=4)))
    NetworkCost(n_params=54, flops=96)
    """

    def __init__(self, tasks: Mapping[str, Task], shape: InputShape) -> None:
        self._tasks, self._shape = tasks, shape
        self._stages: dict[
            tuple[type[Trunk], str], list[NetworkCost]
        ] = {}  # of a trunk: of its encoder, then of each stage
        self._heads: dict[tuple[str, int], NetworkCost] = {}

    def of(self, config: NetworkConfig) -> NetworkCost:
        """The cost of the network that a configuration describes."""
        branching, trunk = config.sharing.branching, config.trunk
        encoder, *stages = self._of_stages(trunk)
        parts = [encoder]
        for stage, cost in enumerate(stages):
            parts += [cost] * len(branching.nodes(stage))
        width = trunk.head_width(self._shape)
        parts += [self._of_head(name, width) for name in branching.members]
        return NetworkCost(sum(part.n_params for part in parts), sum(part.flops for part in parts))

    def _of_stages(self, trunk: Trunk) -> list[NetworkCost]:
        key = type(trunk), repr(trunk.model_dump(exclude=set(trunk.cost_free)))
        if key not in self._stages:
            with torch.device("meta"):
                features: Any = {
                    "numeric": torch.empty(1, self._shape.n_numeric),
                    "categorical": torch.empty(1, len(self._shape.cardinalities), dtype=torch.int64),
                }
                parts = [trunk.build_encoder(self._shape)]
                parts += [trunk.build_stage(index, self._shape) for index in range(trunk.stages)]
            costs = []
            for part in parts:
                features, cost = _count(part, features)
                costs.append(cost)
            self._stages[key] = costs
        return self._stages[key]

    def _of_head(self, name: str, width: int) -> NetworkCost:
        if (name, width) not in self._heads:
            with torch.device("meta"):
                head, features = self._tasks[name].head(width), torch.empty(1, width)
            self._heads[name, width] = _count(head, features)[1]
        return self._heads[name, width]


def count_parameters(branching: Branching, trunk: Trunk, tasks: Sequence[Task], shape: InputShape) -> int:
    """The number of trainable values of the network, heads included."""
    return _of(branching, trunk, tasks, shape).n_params


def count_flops(branching: Branching, trunk: Trunk, tasks: Sequence[Task], shape: InputShape) -> int:
    """The FLOPs of a forward pass of one row: a multiplication and an addition for each weight it meets.

    What PyTorch's FLOP counter knows is counted: matrix products, convolutions and attention.
    """
    return _of(branching, trunk, tasks, shape).flops


def _of(branching: Branching, trunk: Trunk, tasks: Sequence[Task], shape: InputShape) -> NetworkCost:
    parts = NetworkParts(HardSharing(branching=branching), trunk)
    return NetworkCosts({task.name: task for task in tasks}, shape).of(parts)


def _count(part: nn.Module, inputs: Any) -> tuple[Tensor, NetworkCost]:
    """What ``part`` makes of ``inputs``, and its cost."""
    with torch.no_grad(), _FlopCount() as count:
        outputs: Tensor = part.eval()(inputs)
    n_params = sum(parameter.numel() for parameter in part.parameters() if parameter.requires_grad)
    return outputs, NetworkCost(n_params, int(count.total))


class _FlopCount(TorchDispatchMode):  # torch has no types here
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
