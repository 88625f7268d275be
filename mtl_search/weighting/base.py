"""What a weighting is: from the losses of a batch to the gradients of a network."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Protocol, TypeAlias

import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.own import path_of

__all__ = [
    "Losses",
    "PreferenceOptions",
    "SharedParameters",
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


class SharedParameters(Protocol):
    """What a weighting asks of a network: which parameters serve which members."""

    def shared_parameters(self) -> list[nn.Parameter]:
        """Those that serve two members or more."""

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Those that serve this member alone."""

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the deepest layer that serves all members."""


class Weighting(nn.Module, ABC):
    """Combines the losses of a network's members into its gradients; only ``backward`` has to be written.

    A member without labels in a batch is missing from ``losses``: it gets no gradient, and what a method
    remembers of it stays as it is. What is remembered from the start is a buffer, so that it moves to the
    device with ``to``. Parameters are trained by the network's optimiser, without weight decay; those that
    have no ``.grad`` after ``backward`` are left alone.
    """

    generator: torch.Generator | None = None
    """Where random numbers come from, on the CPU; set by the training loop. None is PyTorch's global one."""

    @abstractmethod
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        """Add the combined gradient to ``.grad`` of the parameters, as ``Tensor.backward`` does.

        ``losses`` holds at least one member. Returns the weights used, of its members or of all.
        """

    def after_step(self, losses: Callable[[], Losses]) -> None:
        """Called after the optimiser's step; ``losses()`` computes the losses of the same batch anew."""

    def after_epoch(self) -> None:
        """Called after the last step of an epoch."""


class WeightingOptions(BaseModel, ABC):
    """A method's name and options, which build the weighting of one network."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str = ""

    def model_post_init(self, context: object) -> None:
        """Name a class of the user's own by its import path, from which it is read again."""
        if (path := path_of(type(self))) is not None:
            object.__setattr__(self, "name", path)

    def check(self, members: tuple[str, ...]) -> None:
        """Raise Mismatch if the options do not fit these members."""

    @abstractmethod
    def build(self, members: tuple[str, ...]) -> Weighting:
        """The weighting for these members; Mismatch if the options do not fit them."""


class PreferenceOptions(WeightingOptions):
    """Options with a weight for each member; all count the same if ``weights`` are left out."""

    weights: TaskWeights | None = None

    @override
    def check(self, members: tuple[str, ...]) -> None:
        check_tasks(self.weights, members)

    def preference(self, present: tuple[str, ...], device: torch.device) -> Tensor:
        """The weights_T of the members present, scaled to sum to 1."""
        weights = self.weights or dict.fromkeys(present, 1.0)
        values_T = torch.tensor([weights[name] for name in present], device=device)
        return values_T / values_T.sum()


def check_tasks(weights: Iterable[str] | None, members: tuple[str, ...]) -> None:
    """Raise Mismatch unless ``weights``, if there are any, name each member and no other task."""
    if weights is not None and set(weights) != set(members):
        raise Mismatch(f"one for each of {', '.join(members)}", ", ".join(weights), about="weights")
