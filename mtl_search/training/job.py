"""Job: one network to train, and which jobs may be trained side by side."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, final

from mtl_search.data import Dataset
from mtl_search.training.config import TrialConfig
from mtl_search.training.kinds import AnyConfig, AnyTraining, begin
from mtl_search.training.loop import Training
from mtl_search.training.score import Score
from mtl_search.training.state import TrainingState
from mtl_search.training.team import ALONE, Team
from mtl_search.training.trial import TrialOutcome, conclude

__all__ = ["Job", "pack_key"]

MAY_DIFFER = {"optimizer": ("lr", "weight_decay"), "trunk": ("dropout",)}


@final
@dataclass(frozen=True, slots=True)
class Job:
    """One network to train, or the trees of one task.

    ``read_test`` is set by the confirmation alone, ``affinities`` for the networks of all tasks if the
    grouping strategy learns from them, ``resample_valid`` if it counts how much depends on the rows of valid.
    ``keep``: the weights come back with the outcome, from whichever machine trained them. ``arm``: whose
    network it is, for who looks on. ``past``: an attempt at it that was lost, from which it goes on.
    """

    trial_id: str
    config: AnyConfig
    seed: int
    score: Score
    read_test: bool = False
    affinities: bool = False
    resample_valid: bool = False
    keep: bool = False
    arm: str = ""
    past: TrainingState | None = field(default=None, compare=False, repr=False)

    def training(self, dataset: Dataset, device: str, team: Team = ALONE) -> AnyTraining:
        """What the job trains, on ``device``, before its first epoch or after the last one of its past."""
        training = begin(
            self.config,
            dataset,
            seed=self.seed,
            score=self.score,
            device=device,
            affinities=self.affinities,
            team=team,
        )
        if self.past is not None and isinstance(training, Training):
            training.resume(self.past)
        return training

    def conclude(self, training: AnyTraining, dataset: Dataset) -> TrialOutcome:
        """The outcome of the job's network, which is trained."""
        return conclude(
            training,
            dataset,
            read_test=self.read_test,
            resample_valid=self.resample_valid,
            keep=self.keep,
        )


def pack_key(job: Job) -> Hashable:
    """What is equal of jobs whose networks can be trained side by side, as one batched computation.

    Such networks have the same modules, batches and schedule. Each has its own seed, learning rate, weight
    decay and dropout, which can be tensors with a value a network. Affinities are measured in steps of their
    own, so that a network with them is packed with others that have them.
    """
    config: dict[str, Any] = job.config.model_dump(mode="json")
    for block, names in MAY_DIFFER.items() if isinstance(job.config, TrialConfig) else ():
        config[block] = {name: value for name, value in config[block].items() if name not in names}
    return repr(sorted(config.items())), job.affinities
