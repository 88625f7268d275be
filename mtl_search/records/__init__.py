"""Plain frozen values that pass between the packages: what was measured, and of which trial."""

from mtl_search.records.designs import DesignRecord, Difference, SummaryRecord, TaskResult
from mtl_search.records.kinds import MetricKind, Phase, Role, Split, TrialState, gains, mean_gain
from mtl_search.records.trials import Belief, EpochReport, MeanGate, Metric, Resample, TrialRecord

__all__ = [
    "Belief",
    "DesignRecord",
    "Difference",
    "EpochReport",
    "MeanGate",
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
