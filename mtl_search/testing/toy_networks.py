"""Regression tasks and batches for networks of a few hundred parameters."""

# N rows

import math
from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn

from mtl_search.data import InputShape, Rows
from mtl_search.data.random_inputs import random_inputs
from mtl_search.model import (
    Encoder,
    HardSharing,
    Network,
    NetworkCost,
    NetworkCosts,
    NetworkParts,
    Sharing,
    TableConfig,
    Trunk,
)
from mtl_search.records import MetricKind, Role
from mtl_search.tasks import Regression

__all__ = [
    "TOY_SHAPE",
    "LinearNetwork",
    "toy_cost",
    "toy_losses",
    "toy_network",
    "toy_rows",
    "toy_tasks",
]

TABLE = TableConfig()
TOY_SHAPE = InputShape(4, (3, 6), ((-2.0, -1.0, 0.0, 1.0, 2.0), (), (-1.0, 0.0, 1.5), (0.0, 0.0, 1.0)))


def toy_tasks(members: Sequence[str]) -> list[Regression]:
    """A regression task of squared error for each name, its target taken as standardised."""
    metric = MetricKind("rmse", higher_is_better=False)
    return [Regression(name, Role.MAIN, metric, mean=0.0, scale=1.0, delta=math.inf) for name in members]


def toy_rows(members: Sequence[str], rows: int = 64, seed: int = 0, shape: InputShape = TOY_SHAPE) -> Rows:
    """Inputs of ``shape``, and for each task a linear target of its own, all labelled.

    The targets are the same functions of the inputs for every ``seed``, and lie about 2 above zero: every
    loss starts well away from its minimum.
    """
    inputs = random_inputs(shape, rows, torch.Generator().manual_seed(seed))
    features = torch.cat([each.reshape(rows, -1).float()[:, :20] for each in inputs.values()], dim=1)
    slopes = torch.randn(features.shape[1], len(members), generator=torch.Generator().manual_seed(0))
    targets_NM = 2.0 + 0.5 * features @ slopes
    return Rows(
        inputs=inputs,
        targets={name: targets_NM[:, i] for i, name in enumerate(members)},
        labelled={name: torch.ones(rows, dtype=torch.bool) for name in members},
        units=torch.arange(rows),
    )


def toy_network(
    members: Sequence[str],
    sharing: Sharing | str,
    trunk: Trunk,
    encoder: Encoder = TABLE,
    *,
    shape: InputShape = TOY_SHAPE,
    copies: int = 1,
    seed: int = 0,
) -> Network:
    """A network of `toy_tasks`; a text is that of a branching."""
    sharing = HardSharing.model_validate(sharing) if isinstance(sharing, str) else sharing
    generator = torch.Generator().manual_seed(seed)
    return Network(sharing, encoder, trunk, toy_tasks(members), shape, copies=copies, generator=generator)


def toy_cost(
    members: Sequence[str],
    sharing: Sharing | str,
    trunk: Trunk,
    encoder: Encoder = TABLE,
    *,
    shape: InputShape = TOY_SHAPE,
    copies: int = 1,
) -> NetworkCost:
    """What `toy_network` costs."""
    sharing = HardSharing.model_validate(sharing) if isinstance(sharing, str) else sharing
    tasks = {task.name: task for task in toy_tasks(members)}
    parts = NetworkParts(tuple(sorted(members)), sharing, trunk, encoder, copies)
    return NetworkCosts(tasks, shape).of(parts)


def toy_losses(network: Network, rows: Rows, present: Sequence[str] | None = None) -> Mapping[str, Tensor]:
    """The losses of the network's members on ``rows``, or of those ``present``."""
    outputs = network(rows.inputs)
    tasks = {task.name: task for task in toy_tasks(network.members)}
    return {
        name: tasks[name].loss(outputs[name].float(), rows.targets[name], rows.labelled[name])
        for name in network.members
        if present is None or name in present
    }


@final
class LinearNetwork:
    """Tasks with gradients to choose: what a weighting makes of them can be worked out by hand.

    ``rows`` holds the gradient_P of each task's loss by the shared parameters; by the one parameter of its
    own the gradient is 1. One task alone shares nothing. All parameters are zero.

    >>> network = LinearNetwork({"age": [3.0, 4.0], "cost": [0.0, 1.0]})
    >>> sum(network.losses(age=2.0, cost=5.0).values()).backward()
    >>> network.gradient()
    [3.0, 5.0]
    """

    def __init__(self, rows: Mapping[str, Sequence[float]]) -> None:
        self.rows = {name: torch.tensor(row) for name, row in rows.items()}
        self.shared = nn.Parameter(torch.zeros(len(next(iter(rows.values())))))
        self.own = {name: nn.Parameter(torch.zeros(1)) for name in rows}

    def losses(self, **values: float) -> dict[str, Tensor]:
        """The losses of the tasks named, with these values."""
        return {
            name: value + self.rows[name] @ self.shared + self.own[name].sum()
            for name, value in values.items()
        }

    def gradient(self) -> list[float]:
        """The gradient of the shared parameters, which is taken away."""
        assert self.shared.grad is not None
        values: list[float] = self.shared.grad.tolist()
        self.shared.grad = None
        return values

    def shared_parameters(self) -> list[nn.Parameter]:
        """Those that serve two members or more."""
        return [self.shared] if len(self.rows) > 1 else []

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Those that serve this member alone."""
        return [self.own[task]] if len(self.rows) > 1 else [self.shared, self.own[task]]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """Those of the one layer."""
        return [self.shared]
