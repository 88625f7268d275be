"""TrainingState: all of a training that changes from epoch to epoch, so that another process may go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from mtl_search.training.best import Best
from mtl_search.weighting import Weighting

__all__ = ["TrainingState"]


@final
@dataclass(frozen=True, slots=True)
class TrainingState:
    """A training after ``epoch`` epochs; what goes on from it gives the same numbers, on a CPU to the bit.

    It shares memory with the training, so it is to be written down before the next epoch. The weighting is in
    it as it is, since each method, a user's own among them, remembers what it likes. So it is for pickle, and
    for processes of one sweep alone: it is kept in Ray's object store, never in a file that somebody sends.
    """

    epoch: int
    best: Best
    network: Mapping[str, Tensor]
    weighting: Weighting  # without its generator, which is the training's
    learner: Mapping[str, Mapping[str, Any]]  # its optimiser and schedule
    generators: Sequence[Tensor]  # of all that is drawn, and of what dropout drops where that has its own
    affinities: Mapping[tuple[str, str], Sequence[float]]
