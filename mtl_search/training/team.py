"""Teams: processes that train one network together, each on its part of every batch."""

# B rows of a batch, C copies, K outputs of a task

import socket
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, final

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm
from typing_extensions import override

from mtl_search.data.shapes import Inputs
from mtl_search.errors import Mismatch
from mtl_search.model import Network

__all__ = [
    "ALONE",
    "Alone",
    "Connected",
    "LeftAloneError",
    "Team",
    "Together",
    "check_no_batch_norm",
    "meeting_point",
    "meeting_point_at",
]

PATIENCE = timedelta(minutes=10)  # for the others within an epoch, of which all take the same time
ARRIVAL = timedelta(minutes=2)  # for all to have started
_TCP_STORE: Any = getattr(dist, "TCPStore", None)  # which PyTorch's types do not know, and some builds lack


class LeftAloneError(RuntimeError):
    """Another member of the team is gone, or raised something."""


class Team(ABC):
    """Who trains a network together. The first of them, rank 0, also validates and decides."""

    rank: int
    size: int

    @abstractmethod
    def add_up(self, values: Tensor) -> None:
        """Replace ``values``, contiguous and of one shape in all, by their sum, the same to the last bit.

        Raises LeftAloneError if a member does not take part.
        """


@final
class Alone(Team):
    """One process by itself."""

    rank, size = 0, 1

    @override
    def add_up(self, values: Tensor) -> None:
        pass


ALONE = Alone()


@final
class Connected(Team):
    """Processes that have met at ``store``: by NCCL, each with a GPU of its own, or by gloo on CPUs.

    A group of its own, not PyTorch's default one, of which there is one a process. ``host``: the address that
    others reach this process at, which alone is listened on.
    """

    def __init__(self, store: Any, rank: int, size: int, *, device: str, host: str) -> None:
        self.rank, self.size = rank, size
        self._group: Any
        if device == "cuda":
            with_gpus = dist.ProcessGroupNCCL.Options()
            with_gpus._timeout = PATIENCE
            self._group = dist.ProcessGroupNCCL(store, rank, size, with_gpus)
            return
        gloo: Any = dist.ProcessGroupGloo
        options = gloo._Options()
        options._devices = [gloo.create_device(hostname=host)]
        options._timeout = PATIENCE
        self._group = gloo(store, rank, size, options)

    @override
    def add_up(self, values: Tensor) -> None:
        if self._group is None:
            raise LeftAloneError("this member has left")
        try:
            self._group.allreduce([values]).wait()
        except RuntimeError as error:
            raise LeftAloneError(str(error)) from error

    def leave(self) -> None:
        """Take part no more, and let the others know: gloo does once its connections are closed, with the
        group."""
        if self._group is not None:
            self._group.abort()
        self._group = None


def meeting_point(host: str) -> tuple[Any, int]:
    """Where a team meets, kept by its first member, who listens at ``host`` alone; and the port."""
    with socket.socket() as listening:
        listening.bind((host, 0))
        listening.listen()
        port = int(listening.getsockname()[1])
        store = _TCP_STORE(
            host,
            port,
            is_master=True,
            timeout=ARRIVAL,
            wait_for_workers=False,
            master_listen_fd=listening.detach(),
            use_libuv=False,  # the other server takes no socket that listens already
        )
    return store, port


def meeting_point_at(host: str, port: int) -> Any:
    """The same, for the others."""
    return _TCP_STORE(host, port, is_master=False, timeout=ARRIVAL)


@final
class Together:
    """A network whose losses and gradients are those of the whole batch, though each member of a team has
    computed its own part alone.

    Both are added up within autograd's graph, by the pair of operators that Megatron-LM has for split layers
    (Shoeybi et al. 2019): the parameters enter the forward pass through an identity whose backward pass adds
    gradients up over the team, and a loss leaves it with its value over all rows. So a weighting sees what it
    would see in one process, whether it wants ``.grad`` of one sum, the gradient of each task (PCGrad), that
    of one layer (GradNorm) or the losses anew (FAMO), and none of them knows of teams. PyTorch's
    DistributedDataParallel adds up what one backward pass leaves in ``.grad``, after the tasks' gradients
    were combined, each from a part of the rows: another method for all but sums.

    A loss is the mean over the labelled rows (pixels, words of a class that counts more ...) of the whole
    batch, not of the parts' means: each member computes it over all rows' labels, with weight 0 for those
    that are not its own, and with outputs of 0 in their place.
    """

    def __init__(self, network: Network, team: Team) -> None:
        self._network, self._team = network, team
        if team.size == 1:
            return
        check_no_batch_norm(network)
        self._forward = _CopiesOf(network)
        learned = [(name, one) for name, one in network.named_parameters() if one.requires_grad]
        self._names = [f"network.{name}" for name, _ in learned]
        self._parameters = [one for _, one in learned]

    def outputs(self, inputs: Inputs, members: Collection[str]) -> dict[str, Tensor]:
        """`Network.copies_of` of all rows, 0 in those of others."""
        if self._team.size == 1:
            return self._network.copies_of(inputs, members)
        rows = len(next(iter(inputs.values())))
        start, stop = self._part(rows)
        start = min(start, rows - 1)  # with nothing to do, a row that does not count
        stop = max(stop, start + 1)
        mine = {name: values[start:stop] for name, values in inputs.items()}
        tied = _Tied.apply(self._team, *self._parameters)  # type: ignore[no-untyped-call]
        given = dict(zip(self._names, tied, strict=True))
        outputs: dict[str, Tensor] = functional_call(self._forward, given, (mine, members))
        return {name: self._padded(of_mine, start, stop, rows) for name, of_mine in outputs.items()}

    def weights(self, weights_B: Tensor | None, rows: int, device: torch.device) -> Tensor | None:
        """The weights of the rows in this member's losses."""
        if self._team.size == 1:
            return weights_B
        start, stop = self._part(rows)
        mine_B = torch.zeros(rows, device=device)
        mine_B[start:stop] = 1.0
        return mine_B if weights_B is None else mine_B * weights_B

    def total(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The losses over all rows, from those of the parts."""
        if self._team.size == 1 or not losses:
            return dict(losses)
        values_T = torch.stack([loss.detach() for loss in losses.values()])
        self._team.add_up(values_T)
        parts = zip(losses.items(), values_T.unbind(), strict=True)
        return {name: _Valued.apply(loss, value) for (name, loss), value in parts}  # type: ignore[no-untyped-call]

    def _part(self, rows: int) -> tuple[int, int]:
        rank, size = self._team.rank, self._team.size
        return rows * rank // size, rows * (rank + 1) // size

    def _padded(self, outputs: Tensor, start: int, stop: int, rows: int) -> Tensor:
        of_copies = outputs.unflatten(0, (self._network.copies, stop - start))
        shape = (self._network.copies, 0, *outputs.shape[1:])
        before, after = (outputs.new_zeros(shape[0], missing, *shape[2:]) for missing in (start, rows - stop))
        return torch.cat([before, of_copies, after], dim=1).flatten(0, 1)


def check_no_batch_norm(part: nn.Module) -> None:
    """Mismatch if a network, or a part of one, has batch normalisation, which no team can train."""
    for name, module in part.named_modules():
        if isinstance(module, _BatchNorm):
            raise Mismatch(
                "a network without batch normalisation, whose statistics would be of a part of the batch",
                f"{type(module).__name__} at {name}" if name else type(module).__name__,
                about="resources: a trial of several workers",
            )


@final
class _CopiesOf(nn.Module):
    """`Network.copies_of` as a forward pass, which alone can be called with other parameters."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Inputs, members: Collection[str]) -> dict[str, Tensor]:
        return self.network.copies_of(inputs, members)


@final
class _Tied(torch.autograd.Function):
    """Parameters as they are; their gradients are added up over a team, all of one backward pass at once."""

    @staticmethod
    def forward(ctx: Any, team: Team, *parameters: Tensor) -> tuple[Tensor, ...]:
        ctx.team = team
        ctx.set_materialize_grads(False)  # what a loss does not depend on has no gradient
        return tuple(parameter.view_as(parameter) for parameter in parameters)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        there = [gradient for gradient in gradients if gradient is not None]
        flat = torch.cat([gradient.flatten() for gradient in there])
        ctx.team.add_up(flat)
        totals = iter(flat.split([gradient.numel() for gradient in there]))
        return None, *(None if one is None else next(totals).view_as(one) for one in gradients)


@final
class _Valued(torch.autograd.Function):
    """A loss with another value, whose gradient is the loss's own."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None
