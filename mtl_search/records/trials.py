"""A trial as it is recorded: what was measured, epoch by epoch and at its best."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mtl_search.records.kinds import Phase, Split, TrialState

__all__ = ["Belief", "EpochReport", "MeanGate", "Metric", "Resample", "TrialRecord"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured value; ``gain`` over the single-task reference in percent, NaN if undefined."""

    task: str
    split: Split
    name: str
    value: float
    gain: float = math.nan


@dataclass(frozen=True, slots=True)
class Resample:
    """A task's default metric on a split without one group of its units (delete-a-group jackknife).

    The groups are the same for every trial of a sweep, so the values of two networks are paired.
    """

    task: str
    left_out: int  # the group, counted from 0
    value: float
    split: Split = Split.TEST


@dataclass(frozen=True, slots=True)
class MeanGate:
    """What a member of a network takes from an expert on average over the rows of valid.

    ``level``: of experts, counted from 0; ``expert`` is a name for people. A softmax gate's weights sum to 1
    over a member's experts at a level; those of a cross-stitch, where the experts are the members, need not.
    """

    task: str
    level: int
    expert: str
    weight: float


@dataclass(frozen=True, slots=True)
class Belief:
    """What the grouping strategy believed of a task in a set before the set was trained, in percent.

    ``spread``: the standard deviation of what one training might show, its own noise included. ``reason``
    says why the set was chosen.
    """

    task: str
    expected: float
    spread: float
    reason: str


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch showed, per member: mean train loss, default metric on valid, mean weight.

    ``epoch`` counts from 1; the best epoch has the highest ``score``; ``seconds`` includes validation.
    """

    epoch: int
    train_loss: Mapping[str, float]
    valid: Mapping[str, float]
    weights: Mapping[str, float]
    score: float
    seconds: float


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial as the leaderboard keeps it: one network with its hyperparameters, trained once.

    ``sharing`` is canonical text, ``weighting`` the method's name, ``params`` the sampled parameters by
    dotted path as text, ``config`` the TrialConfig as JSON. ``flops``: of a forward pass, per row. ``score``
    is what the sampler maximises, ``mean_gain`` is over the main members in percent; both NaN for a failed
    trial. ``lost``: it failed because of the infrastructure (a worker, a node or its memory was lost), which
    says nothing about the trial. Times are UTC.
    """

    sweep: str
    arm: str
    phase: Phase
    trial_id: str
    config_id: str
    seed: int
    state: TrialState
    members: tuple[str, ...]
    sharing: str
    weighting: str
    params: Mapping[str, str]
    config: str
    data: str  # fingerprint of the data
    started: datetime
    finished: datetime
    error: str | None = None
    score: float = math.nan
    mean_gain: float = math.nan
    n_params: int = 0
    flops: int = 0
    epochs: int = 0
    best_epoch: int | None = None
    train_seconds: float = 0.0  # training and validation
    device_seconds: float = 0.0  # the same times the CPUs or GPUs it held
    device: str = "cpu"
    node: str = ""
    peak_memory: float = math.nan  # of the GPU's, in bytes
    utilisation: float = math.nan  # of the GPU
    attempts: int = 1  # how often it was begun up to this end, 0 if another trial answered it
    duplicate_of: str | None = None  # trial_id of the equal trial that this one was answered from
    versions: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    history: tuple[EpochReport, ...] = ()
    reading: int | None = None  # of a confirmation's trials: which reading of test, counted from 1
    reading_plan: str | None = None  # a hash of all that this reading was to train
    resamples: tuple[Resample, ...] = ()  # on test of a confirmation's trials, on valid of some others
    affinities: Mapping[tuple[str, str], float] = field(default_factory=dict)  # of a member to another
    lost: bool = False
    distributions: Mapping[str, str] = field(default_factory=dict)  # of ``params``, in Optuna's JSON
    gates: tuple[MeanGate, ...] = ()  # at the best epoch, of a network with experts that came to its end
    beliefs: tuple[Belief, ...] = ()  # of the main members, if a strategy that learns chose them
