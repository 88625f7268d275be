"""Made-up trials for tests of what reads a leaderboard; nothing here was measured."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mtl_search.leaderboard import TaskInfo
from mtl_search.records import (
    EpochReport,
    Metric,
    MetricKind,
    Phase,
    Role,
    Split,
    TrialRecord,
    TrialState,
)

__all__ = ["TASKS", "synthetic_trial"]

TASKS = (
    TaskInfo("age", "regression", Role.MAIN, MetricKind("rmse", higher_is_better=False)),
    TaskInfo("death", "binary", Role.MAIN, MetricKind("auroc", higher_is_better=True)),
    TaskInfo("ward", "multiclass", Role.AUXILIARY, MetricKind("accuracy", higher_is_better=True)),
)
_START = datetime(2025, 1, 1, tzinfo=UTC)


def synthetic_trial(trial_id: str, **changes: Any) -> TrialRecord:
    """A complete trial of ``age`` and ``death`` with metrics and two epochs; ``changes`` set its fields."""
    members = ("age", "death")
    values = {"age": ("rmse", 12.5), "death": ("auroc", 0.8)}
    trial = TrialRecord(
        sweep="synthetic",
        arm="search",
        phase=Phase.SEARCH,
        trial_id=trial_id,
        config_id=f"config-{trial_id}",
        seed=7,
        state=TrialState.COMPLETE,
        members=members,
        branching="age death / age | death",
        weighting="fixed",
        params={"optimizer.lr": "0.001", "weighting": "fixed"},
        config='{"epochs": 2}',
        data="0123456789abcdef",
        started=_START,
        finished=_START + timedelta(seconds=4),
        score=1.5,
        mean_gain=1.5,
        n_params=1_000,
        flops=2_000,
        epochs=2,
        best_epoch=2,
        train_seconds=3.5,
        device_seconds=4.0,
        node="here",
        versions={"torch": "2.13.0"},
        metrics=tuple(
            Metric(task, split, name, value, gain=1.5 if split is Split.VALID else float("nan"))
            for task, (name, value) in values.items()
            for split in (Split.TRAIN, Split.VALID)
        ),
        history=tuple(
            EpochReport(
                epoch=epoch,
                train_loss=dict.fromkeys(members, 1.0 / epoch),
                valid={task: value for task, (_, value) in values.items()},
                weights=dict.fromkeys(members, 1.0),
                score=1.5,
                seconds=1.75,
            )
            for epoch in (1, 2)
        ),
    )
    return replace(trial, **changes)
