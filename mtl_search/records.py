"""Plain frozen values that pass between the packages: what was measured, and of which trial."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = [
    "DesignRecord",
    "Difference",
    "EpochReport",
    "Metric",
    "MetricKind",
    "Phase",
    "Resample",
    "Role",
    "Split",
    "SummaryRecord",
    "TaskResult",
    "TrialRecord",
    "TrialState",
    "gains",
    "mean_gain",
]


class Role(StrEnum):
    """Whether a task counts in delta_m (main) or is trained only to help others (auxiliary)."""

    MAIN = "main"
    AUXILIARY = "auxiliary"


class Split(StrEnum):
    """Which rows: fitted on, selected on, or read once in the confirmation."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


class Phase(StrEnum):
    """Which part of a sweep a trial belongs to."""

    SEARCH = "search"
    REPLICATION = "replication"
    CONFIRMATION = "confirmation"


class TrialState(StrEnum):
    """How a trial ended: trained to its end, stopped early by the pruner, or with an error."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MetricKind:
    """A metric and its direction.

    ``floor``: if it is set, a reference of at most this has no relative gain (R2 of a model no better than
    the mean, say), since dividing by it would turn noise into percent.
    """

    name: str
    higher_is_better: bool
    floor: float = 0.0

    def gain(self, value: float, reference: float) -> float:
        """Relative improvement of ``value`` over ``reference`` in percent, positive is better.

        One term of delta_m (Maninis et al. 2019, eq. 1, sign turned so that positive is better). NaN if
        the reference is zero or at most ``floor``, or if either is not finite.

        >>> MetricKind("rmse", higher_is_better=False).gain(0.75, reference=1.0)
        25.0
        """
        if not (math.isfinite(value) and self.has_gains_over(reference)):
            return math.nan
        return self.signed(100.0 * (value - reference) / abs(reference))

    def has_gains_over(self, reference: float) -> bool:
        """Whether gains over ``reference`` are defined."""
        return math.isfinite(reference) and reference != 0 and (self.floor <= 0 or reference > self.floor)

    def signed(self, value: float) -> float:
        """``value`` turned so that higher is better."""
        return value if self.higher_is_better else -value


def mean_gain(gains: Mapping[str, float], weights: Mapping[str, float] | None = None) -> float:
    """The mean of the gains that are defined, by task, NaN if none is.

    ``weights`` says how much a task counts, 1 if it is not named: tasks that are one and the same can
    share a weight, so that delta_m does not count their gain several times.

    >>> mean_gain({"age": 4.0, "cost": 1.0, "stay": math.nan}, weights={"cost": 0.5})
    3.0
    """
    counted = {task: 1.0 if weights is None else weights.get(task, 1.0) for task in gains}
    defined = [(gain, counted[task]) for task, gain in gains.items() if math.isfinite(gain)]
    total = sum(weight for _, weight in defined)
    return sum(gain * weight for gain, weight in defined) / total if defined else math.nan


def gains(
    values: Mapping[str, float], references: Mapping[str, float], metrics: Mapping[str, MetricKind]
) -> dict[str, float]:
    """The gain in percent of each of ``values`` that has a metric; NaN, never zero, if it is undefined."""
    return {
        task: metrics[task].gain(value, references.get(task, math.nan))
        for task, value in values.items()
        if task in metrics
    }


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


@dataclass(frozen=True, slots=True)
class DesignRecord:
    """A design as the leaderboard keeps it: which trial and which configuration serve each main task.

    ``gains`` and ``delta_m`` are on valid, in percent; ``behind`` is how far delta_m is behind that of the
    best design. The recommended design is ``chosen``, and ``why`` says how it was decided.
    """

    design_id: str
    arm: str
    arms: tuple[str, ...]
    n_networks: int
    text: str
    networks: tuple[str, ...]
    serves: Mapping[str, str]
    configs: Mapping[str, str]
    gains: Mapping[str, float]
    delta_m: float
    n_params: int
    flops: int
    chosen: bool = False
    why: str | None = None
    behind: float = math.nan
    behind_p: float = math.nan
    control: str | None = None  # design_id


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference of delta_m on test in percent, with its interval; NaN if it cannot be known.

    ``smallest``: the true difference that would be shown in four of five such sweeps. ``p_corrected`` and
    ``verdict`` are for comparisons with references; no design is judged against itself.
    """

    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    p_corrected: float = math.nan
    smallest: float = math.nan
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class TaskResult:
    """A main task on test: its value, and its gain over the confirmed single-task value in percent."""

    task: str
    value: float
    value_sd: float
    gain: float
    gain_sd: float
    gain_low: float
    gain_high: float
    p: float
    p_holm: float
    verdict: str | None
    vs_trees: float = math.nan  # of the recommended design: the gain less that of boosted trees
    vs_trees_low: float = math.nan
    vs_trees_high: float = math.nan
    vs_trees_p_holm: float = math.nan
    vs_trees_verdict: str | None = None


@dataclass(frozen=True, slots=True)
class SummaryRecord:
    """A confirmed design as the leaderboard keeps it; the table's schema says what each field means."""

    design_id: str
    arm: str
    arms: tuple[str, ...]
    chosen: bool
    n_networks: int
    text: str
    n_seeds: int
    seeds: tuple[int, ...]
    reading: int
    alpha: float
    delta_m: float
    delta_m_sd: float
    delta_m_low: float
    delta_m_high: float
    delta_m_valid: float
    vs_single_task: Difference
    reference: str | None
    vs_reference: Difference
    control: str | None
    gain_of_tuning: Difference
    gain_of_sharing: Difference
    over_recommended: Difference
    verdict: str | None
    provisional: tuple[str, ...]
    tasks: tuple[TaskResult, ...]
    n_params: int
    flops: int
    train_seconds: float
    arm_trials: int
    arm_device_seconds: float
    caveats: tuple[str, ...]
    vs_trees: Difference = Difference()
