"""The branched network: a tree of stages with a head for each member at its leaf."""

# B rows of a batch, K outputs of a task

from collections.abc import Sequence

from torch import Tensor, nn

from mtl_search.data.rows import Inputs, InputShape
from mtl_search.design.branching import Branching
from mtl_search.model.trunks.trunk import Trunk
from mtl_search.tasks.base import Task

__all__ = ["Network"]

ENCODER = -1
"""The parent of the first stage's node."""


class Network(nn.Module):
    """One model for a set of tasks; its nodes are visited once a forward pass, parents first.

    Raises ValueError where tasks, trunk and branching do not fit each other. Initial values are drawn from
    torch's global generator in the order encoder, nodes by stage, heads by name: the same seed gives the
    same network.
    """

    def __init__(self, branching: Branching, trunk: Trunk, tasks: Sequence[Task], shape: InputShape) -> None:
        super().__init__()
        by_name = {task.name: task for task in tasks}
        if tuple(sorted(by_name)) != branching.members or len(by_name) < len(tasks):
            found = [task.name for task in tasks]
            raise ValueError(f"tasks {list(branching.members)} of the branching, found {found}")
        if trunk.depth != branching.n_stages:
            raise ValueError(f"a trunk of {branching.n_stages} stages, found one of {trunk.depth}")
        self.branching = branching
        self.members = branching.members
        self._parents, self._node_members = _flatten(branching)
        self._leaves = [_last(self._node_members, task) for task in self.members]

        self.encoder = trunk.build_encoder(shape)
        self.nodes = nn.ModuleList(
            trunk.build_stage(stage, shape) if trunk.stages else nn.Identity()
            for stage in range(branching.n_stages)
            for _ in branching.nodes(stage)
        )
        width = trunk.head_width(shape)
        self.heads = nn.ModuleList(by_name[name].head(width) for name in self.members)
        self._group_parameters()

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        """The outputs_BK of each member, by name."""
        features = self.encoder(inputs)
        hidden: list[Tensor] = []
        for parent, node in zip(self._parents, self.nodes, strict=True):
            hidden.append(node(features if parent == ENCODER else hidden[parent]))
        return {
            name: head(hidden[leaf])
            for name, leaf, head in zip(self.members, self._leaves, self.heads, strict=True)
        }

    def shared_parameters(self) -> list[nn.Parameter]:
        """The parameters that serve two members or more; none in a network of one."""
        return self._shared

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """The parameters that serve this member alone: its exclusive nodes and its head."""
        return self._exclusive[task]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        """The parameters of the deepest node that all members go through and that has any.

        Of the encoder where no such node has; GradNorm balances the gradients there.
        """
        return self._last_shared

    def _group_parameters(self) -> None:
        modules: list[tuple[tuple[str, ...], nn.Module]] = [
            (self.members, self.encoder),
            *zip(self._node_members, self.nodes, strict=True),
            *(((name,), head) for name, head in zip(self.members, self.heads, strict=True)),
        ]
        self._shared: list[nn.Parameter] = []
        self._exclusive: dict[str, list[nn.Parameter]] = {name: [] for name in self.members}
        self._last_shared: list[nn.Parameter] = []
        for members, module in modules:
            parameters = list(module.parameters())
            (self._shared if len(members) > 1 else self._exclusive[members[0]]).extend(parameters)
            if members == self.members and parameters and module is not self.heads[0]:
                self._last_shared = parameters


def _flatten(branching: Branching) -> tuple[list[int], list[tuple[str, ...]]]:
    """Each node's parent, as an index into the nodes in order of stage, and its members."""
    parents, members = [ENCODER], list(branching.nodes(0))
    for stage in range(1, branching.n_stages):
        first_of_parents = len(members) - len(branching.nodes(stage - 1))
        nodes = branching.nodes(stage)
        parents += [first_of_parents + branching.parent(stage, index) for index in range(len(nodes))]
        members += nodes
    return parents, members


def _last(node_members: list[tuple[str, ...]], task: str) -> int:
    return max(index for index, members in enumerate(node_members) if task in members)
