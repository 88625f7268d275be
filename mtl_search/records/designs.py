"""A design as it is recorded: which networks serve which tasks, and what the confirmation showed of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DesignRecord", "Difference", "SummaryRecord", "TaskResult"]


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
    ensemble_value: float = math.nan  # of the mean of the networks of all seeds
    ensemble_gain: float = math.nan
    ensemble_gain_low: float = math.nan
    ensemble_gain_high: float = math.nan


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
    ensemble_size: int | None = None
    ensemble_delta_m: float = math.nan
    ensemble_delta_m_low: float = math.nan
    ensemble_delta_m_high: float = math.nan
