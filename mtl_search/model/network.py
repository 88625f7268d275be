"""The network: an encoder, a body that its members share as ``sharing`` says, and a head for each member."""

# B rows of a batch, C copies, R = C x B rows copy by copy, K outputs of a task

from collections.abc import Collection, Sequence
from functools import partial
from typing import final

import torch
from torch import Tensor, nn

from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.generators import drawing_from
from mtl_search.model.copies import Copies, all_of, heads_of
from mtl_search.model.dropout import Dropout
from mtl_search.model.encoders.encoder import Encoder
from mtl_search.model.sharing.sharing import Gate, Sharing
from mtl_search.model.trunks.trunk import Trunk
from mtl_search.tasks.base import Task

__all__ = ["Network", "rows_at_once"]

USUAL = 1024  # features of a row, up to which a batch has as many rows as one of a table


@final
class Network(nn.Module):
    """One model for a set of tasks.

    Raises ValueError if the parts do not fit each other. Initial values are drawn from ``generator`` in the
    order encoder, factors of the copies, body, heads by name: the same seed gives the same network.
    """

    def __init__(
        self,
        sharing: Sharing,
        encoder: Encoder,
        trunk: Trunk,
        tasks: Sequence[Task],
        shape: InputShape,
        *,
        copies: int = 1,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        by_name = {task.name: task for task in tasks}
        if len(by_name) < len(tasks):
            raise ValueError(f"each task once, found {[task.name for task in tasks]}")
        self.members = tuple(sorted(by_name))
        sharing.check(self.members, trunk.depth)
        with drawing_from(generator):
            self.encoder = encoder.build(shape)
            self.scaling = Copies(copies, encoder.chunks(shape)) if copies > 1 else nn.Identity()
            encoded = encoder.features(shape)
            self.body = sharing.build(trunk, encoded, self.members)
            heads = (partial(by_name[name].head, self.body.spec) for name in self.members)
            self.heads = nn.ModuleList(heads_of(head, copies) for head in heads)
        self.copies, self.values_within = copies, encoder.values_within(shape)
        self._tasks = [by_name[name] for name in self.members]
        self._group_parameters()

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        """The outputs_BK of each member, by name: what all copies together say."""
        outputs = self.copies_of(inputs)
        if self.copies == 1:
            return outputs
        return {task.name: task.combine(self._apart(outputs[task.name])) for task in self._tasks}

    def copies_of(self, inputs: Inputs, members: Collection[str] | None = None) -> dict[str, Tensor]:
        """The outputs_RK of each copy, copy by copy, of these members or of all.

        A loss over all rows of R is the mean of the copies' losses: each is trained as if it were alone.
        """
        features = self.body(self.scaling(self.encoder(inputs)))
        heads = {
            name: (head, features[name])
            for name, head in zip(self.members, self.heads, strict=True)
            if members is None or name in members
        }
        return dict(zip(heads, all_of(list(heads.values())), strict=True))

    def _apart(self, outputs_RK: Tensor) -> Tensor:
        """As B x C x K."""
        return torch.stack(outputs_RK.float().tensor_split(self.copies), dim=1)

    def gates(self, inputs: Inputs) -> tuple[Gate, ...]:
        """What each member takes from each expert, R rows; none of a network without experts."""
        return self.body.gates(self.scaling(self.encoder(inputs)))

    def use_generator(self, generator: torch.Generator | None) -> None:
        """Draw from ``generator``, of the network's device, what is dropped in training."""
        for module in self.modules():
            if isinstance(module, Dropout):
                module.generator = generator

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters that serve two members or more; none in a network of one."""
        return self._shared

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters that serve this member alone, those of its head at the end."""
        return self._exclusive[task]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the last part before the heads that all members go through and that has any.

        GradNorm balances the gradients there.
        """
        return self._last_shared

    def _group_parameters(self) -> None:
        parts = [(self.members, self.encoder), (self.members, self.scaling), *self.body.parts()]
        heads = [((name,), head) for name, head in zip(self.members, self.heads, strict=True)]
        self._shared: list[nn.Parameter] = []
        self._exclusive: dict[str, list[nn.Parameter]] = {name: [] for name in self.members}
        for members, module in [*parts, *heads]:
            group = self._shared if len(members) > 1 else self._exclusive[members[0]]
            group.extend(_learned(module))
        of_all = (_learned(module) for members, module in parts if members == self.members)
        self._last_shared: list[nn.Parameter] = ([[]] + [found for found in of_all if found])[-1]


def _learned(module: nn.Module) -> list[nn.Parameter]:
    """The parameters that are not frozen."""
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def rows_at_once(network: nn.Module, most: int) -> int:
    """How many rows may go through ``network`` in one pass, where those of a table may be ``most``.

    With copies of each row they are fewer, and where it has maps or sequences, whose features are large.
    """
    if not isinstance(network, Network):
        return most
    of_row = max(1.0, network.values_within / USUAL)
    return max(1, int(most / of_row / network.copies))
