"""What is trained again: a network, and the seeds that it is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from mtl_search.records import Phase, TrialRecord
from mtl_search.seeds import derive_seed
from mtl_search.sweep.settings import Settings

__all__ = ["NetworkPlan", "PlannedTraining", "new_seeds"]


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """A network to train on new seeds: ``config`` is the TrialConfig as JSON, ``arm`` that of its trials.

    ``kept``: its weights are saved by the confirmation.
    """

    config_id: str
    config: str
    arm: str
    n_params: int
    flops: int
    kept: bool = False

    @classmethod
    def of(cls, record: TrialRecord) -> Self:
        """The network of a trial."""
        return cls(record.config_id, record.config, record.arm, record.n_params, record.flops)


class PlannedTraining(NamedTuple):
    """A network, and the seed that it is trained on."""

    network: NetworkPlan
    seed: int


def new_seeds(settings: Settings, phase: Phase, count: int) -> Sequence[int]:
    """``count`` seeds of a phase, which no trial before it had a reason to be good on."""
    return [derive_seed(settings.sampler.seed, phase.value, index) for index in range(count)]
