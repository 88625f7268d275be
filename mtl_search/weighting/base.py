"""What a weighting is: from the losses of a batch to the gradients of a network."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Protocol, TypeAlias

import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat
from torch import Tensor, nn

from mtl_search.errors import Mismatch

__all__ = [
    "Losses",
    "Sharing",
    "StatelessWeighting",
    "TaskWeights",
    "Weighting",
    "WeightingOptions",
    "Weights",
    "check_tasks",
]

Losses: TypeAlias = Mapping[str, Tensor]
"""One scalar loss for each member that has labels in the batch, in the order of the members."""

Weights: TypeAlias = Mapping[str, Tensor | float]
"""The weight that each of those losses had; tensors are detached and stay on the device."""

TaskWeights: TypeAlias = Annotated[dict[str, PositiveFloat], Field(min_length=1)]
"""An option: a positive number for each member of a network."""


class Sharing(Protocol):
    """What a weighting asks of a network: which parameters serve whom."""

    def shared_parameters(self) -> list[nn.Parameter]:
        """Those that serve two members or more."""

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Those that serve this member alone."""

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the deepest layer that serves all members."""


class Weighting(ABC):
    """Combines the losses of a network's members into its gradients.

    A member without labels in a batch is missing from ``losses``: it gets no gradient, and what a method
    remembers of it stays as it is. Randomness comes from torch's global generator.
    """

    @abstractmethod
    def backward(self, losses: Losses, network: Sharing) -> Weights:
        """Add the combined gradient to ``.grad`` of the parameters, as ``Tensor.backward`` does.

        ``losses`` holds at least one member. Returns the weights used, of its members or of all.
        """

    @abstractmethod
    def parameters(self) -> list[nn.Parameter]:
        """What the network's optimiser has to learn beside the network."""

    @abstractmethod
    def after_step(self, losses: Callable[[], Losses]) -> None:
        """Called after the optimiser's step; ``losses()`` computes the losses of the same batch anew."""

    @abstractmethod
    def after_epoch(self) -> None:
        """Called after the last step of an epoch."""

    @abstractmethod
    def to(self, device: torch.device | str) -> None:
        """Move what is remembered to a device; called before the first ``backward``."""


class StatelessWeighting(Weighting):
    """A weighting that learns and remembers nothing: only ``backward`` is left to say."""

    def parameters(self) -> list[nn.Parameter]:
        """None."""
        return []

    def after_step(self, losses: Callable[[], Losses]) -> None:
        """Nothing to do."""

    def after_epoch(self) -> None:
        """Nothing to do."""

    def to(self, device: torch.device | str) -> None:
        """Nothing to move."""


class WeightingOptions(BaseModel, ABC):
    """A method's name and options, which build the weighting of one network."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str

    @abstractmethod
    def build(self, members: tuple[str, ...]) -> Weighting:
        """The weighting for these members; ValueError where the options do not fit them."""


def check_tasks(weights: Iterable[str] | None, members: tuple[str, ...]) -> None:
    """Mismatch unless ``weights``, where there are any, name each member and no other task."""
    if weights is not None and set(weights) != set(members):
        raise Mismatch(f"one for each of {', '.join(members)}", ", ".join(weights), about="weights")
