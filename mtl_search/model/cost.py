"""What a network costs, counted on the meta device: nothing is allocated, nothing computed."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Protocol, final

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from mtl_search.data.shapes import InputShape
from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, example, width_for
from mtl_search.model.encoders import Encoder, TableConfig
from mtl_search.model.sharing.sharing import Sharing
from mtl_search.model.trunks.trunk import Trunk
from mtl_search.tasks.base import Task

__all__ = ["NetworkConfig", "NetworkCost", "NetworkCosts", "NetworkParts", "buildable"]


class NetworkCost(NamedTuple):
    """What a network (or a part of one) costs: trainable values, and FLOPs of a forward pass of one row.

    A multiplication and an addition are counted for each weight that a row meets, in what PyTorch's FLOP
    counter knows: matrix products, convolutions and attention.
    """

    n_params: int
    flops: int


class NetworkConfig(Protocol):
    """What a configuration says of its network."""

    @property
    def members(self) -> tuple[str, ...]:
        """Its tasks."""

    @property
    def sharing(self) -> Sharing:
        """How they share the trunk."""

    @property
    def encoder(self) -> Encoder:
        """What reads the inputs."""

    @property
    def trunk(self) -> Trunk:
        """The chain of stages."""

    @property
    def copies(self) -> int:
        """How many copies of a row go through the body."""


class NetworkParts(NamedTuple):
    """A network without how it is trained."""

    members: tuple[str, ...]
    sharing: Sharing
    trunk: Trunk
    encoder: Encoder = TableConfig()
    copies: int = 1


@final
class NetworkCosts:
    """The costs of networks of ``tasks`` on inputs of one shape; each part is counted once and remembered.

    A network is an encoder, a body and a head for each member, and so is its cost. A body that is made of
    copies of the trunk's stages is their sum: a search asks for thousands of these. Others are built whole,
    once for all members that make them cost the same. Copies of a row have the body in common, and a factor a
    feature and the heads for themselves. A Mismatch says why parts do not fit each other.

    >>> from mtl_search.model import HardSharing, MlpConfig
    >>> from mtl_search.testing.toy_networks import toy_tasks
    >>> tasks = {task.name: task for task in toy_tasks(["age", "cost"])}
    >>> costs = NetworkCosts(tasks, InputShape(n_numeric=10))
    >>> shared = HardSharing.model_validate("age cost")
    >>> costs.of(NetworkParts(("age", "cost"), shared, MlpConfig(stages=1, width=4)))
    NetworkCost(n_params=54, flops=96)
    """

    def __init__(self, tasks: Mapping[str, Task], shape: InputShape) -> None:
        self._tasks, self._shape = tasks, shape
        self._known: dict[Hashable, Any] = {}

    def of(self, config: NetworkConfig) -> NetworkCost:
        """The cost of the network that a configuration describes."""
        encoder, spec = self._once(config.encoder, lambda: self._of_encoder(config.encoder))
        trunk, sharing = config.trunk, config.sharing
        if sharing.only_stages:
            times_each = sharing.copies(trunk.stages, len(config.members))
            key: Hashable = (trunk.cost_key, spec)
            out, stages, heads = self._once(key, lambda: (*_of_stages(trunk, spec), {}))
            parts = [cost for cost, times in zip(stages, times_each, strict=True) for _ in range(times)]
        else:
            key = (trunk.cost_key, spec, sharing.cost_key_for(config.members))
            out, body, heads = self._once(key, lambda: (*_of_body(config, spec), {}))
            parts = [body]
        for name in config.members:
            if name not in heads:
                heads[name] = self._once((name, out), partial(self._of_head, name, out))
        heads_of = [heads[name] for name in config.members]
        copies = config.copies
        factors = copies * width_for("copies", spec) if copies > 1 else 0
        of_heads = copies * sum([head.n_params for head in heads_of])
        return NetworkCost(
            encoder.n_params + factors + sum([part.n_params for part in parts]) + of_heads,
            encoder.flops + copies * sum([part.flops for part in (*parts, *heads_of)]),
        )

    def _once(self, key: Hashable, count: Callable[[], Any]) -> Any:
        if key not in self._known:
            self._known[key] = count()
        return self._known[key]

    def _of_encoder(self, encoder: Encoder) -> tuple[NetworkCost, FeatureSpec]:
        spec = encoder.features(self._shape)
        return _count(lambda: encoder.build(self._shape), self._shape.example()), spec

    def _of_head(self, name: str, spec: FeatureSpec) -> NetworkCost:
        return _count(lambda: self._tasks[name].head(spec), example(spec))


def _of_stages(trunk: Trunk, spec: FeatureSpec) -> tuple[FeatureSpec, list[NetworkCost]]:
    *specs, out = trunk.specs(spec)
    return out, [
        _count(partial(trunk.build_stage, index, read), example(read)) for index, read in enumerate(specs)
    ]


def _of_body(config: NetworkConfig, spec: FeatureSpec) -> tuple[FeatureSpec, NetworkCost]:
    with buildable():
        body = config.sharing.build(config.trunk, spec, config.members)
    return body.spec, _count(lambda: body, example(spec))


def _count(build: Callable[[], nn.Module], inputs: Any) -> NetworkCost:
    """The cost of a part on ``inputs``; a Mismatch if no machine could hold it."""
    with buildable():
        part = build().eval()
    with torch.no_grad(), _FlopCount() as count:
        part(inputs)
    n_params = sum(parameter.numel() for parameter in part.parameters() if parameter.requires_grad)
    return NetworkCost(n_params, int(count.total))


@contextmanager
def buildable() -> Iterator[None]:
    """Within it networks are built on the meta device; a Mismatch if no machine could hold one."""
    try:
        with torch.device("meta"):
            yield
    except (RuntimeError, OverflowError, TypeError) as error:  # sizes beyond those of a tensor
        raise Mismatch("layers of a size that can be built", str(error).splitlines()[0]) from None


@final
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
