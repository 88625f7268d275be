"""Trial records as table rows, and back."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from itertools import groupby
from typing import Any

import pyarrow as pa

from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import (
    DesignRecord,
    Difference,
    EpochReport,
    Metric,
    Phase,
    Resample,
    Split,
    SummaryRecord,
    TaskResult,
    TrialRecord,
    TrialState,
)

__all__ = [
    "design_rows",
    "epoch_rows",
    "metric_rows",
    "resample_rows",
    "summary_rows",
    "to_designs",
    "to_records",
    "to_summary",
    "trial_rows",
]

_CHOSEN = ("sweep", "arm", "trial_id", "config_id", "seed", "sharing", "weighting", "config", "data")
_MEASURED = ("error", "score", "mean_gain", "n_params", "flops", "epochs", "best_epoch", "duplicate_of")
_READ = ("reading", "reading_plan")
_PLACED = ("train_seconds", "device_seconds", "device", "node", "started", "finished")
_COPIED = (*_CHOSEN, *_MEASURED, *_PLACED, *_READ)  # columns that hold a field of the record as it is


def trial_rows(trials: Sequence[TrialRecord]) -> pa.Table:
    """The rows of ``trials``."""
    return pa.Table.from_pylist([_trial_row(trial) for trial in trials], schema=SCHEMAS["trials"])


def metric_rows(trials: Sequence[TrialRecord]) -> pa.Table:
    """The rows of ``metrics``, one a measured value."""
    return pa.Table.from_pylist(
        [
            {
                "trial_id": trial.trial_id,
                "task": metric.task,
                "split": metric.split.value,
                "metric": metric.name,
                "value": metric.value,
                "gain": metric.gain,
            }
            for trial in trials
            for metric in trial.metrics
        ],
        schema=SCHEMAS["metrics"],
    )


def epoch_rows(trials: Sequence[TrialRecord]) -> pa.Table:
    """The rows of ``epochs``: each epoch of a history, each member; NaN for what a member lacks."""
    return pa.Table.from_pylist(
        [
            {
                "trial_id": trial.trial_id,
                "epoch": report.epoch,
                "task": task,
                "train_loss": report.train_loss.get(task, math.nan),
                "valid": report.valid.get(task, math.nan),
                "weight": report.weights.get(task, math.nan),
                "score": report.score,
                "seconds": report.seconds,
            }
            for trial in trials
            for report in trial.history
            for task in trial.members
        ],
        schema=SCHEMAS["epochs"],
    )


def resample_rows(trials: Sequence[TrialRecord]) -> pa.Table:
    """The rows of ``resamples``."""
    return pa.Table.from_pylist(
        [
            {
                "trial_id": trial.trial_id,
                "task": resample.task,
                "left_out": resample.left_out,
                "value": resample.value,
                "split": resample.split.value,
            }
            for trial in trials
            for resample in trial.resamples
        ],
        schema=SCHEMAS["resamples"],
    )


def to_records(
    trials: pa.Table,
    metrics: pa.Table,
    epochs: pa.Table | None = None,
    resamples: pa.Table | None = None,
) -> list[TrialRecord]:
    """The trials as records with their metrics; without history and resamples if those are not given."""
    measured = _by_trial(metrics)
    histories = _by_trial(epochs) if epochs is not None else {}
    left_out = _by_trial(resamples) if resamples is not None else {}
    return [
        replace(
            _record(row),
            metrics=tuple(_metric(found) for found in measured.get(row["trial_id"], ())),
            history=_history(histories.get(row["trial_id"], ())),
            resamples=tuple(_resample(found) for found in left_out.get(row["trial_id"], ())),
        )
        for row in trials.to_pylist()
    ]


def _by_trial(rows: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist():
        found[row["trial_id"]].append(row)
    return found


def _metric(row: Mapping[str, Any]) -> Metric:
    return Metric(row["task"], Split(row["split"]), row["metric"], row["value"], row["gain"])


def _resample(row: Mapping[str, Any]) -> Resample:
    return Resample(row["task"], row["left_out"], row["value"], Split(row["split"]))


def _history(rows: Sequence[Mapping[str, Any]]) -> tuple[EpochReport, ...]:
    """The reports of the epochs whose members have a row each."""
    reports = []
    for epoch, members in groupby(rows, key=lambda row: row["epoch"]):
        by_task = {row["task"]: row for row in members}
        loss, valid, weights = (
            {task: row[name] for task, row in by_task.items()} for name in ("train_loss", "valid", "weight")
        )
        first = next(iter(by_task.values()))
        reports.append(EpochReport(epoch, loss, valid, weights, first["score"], first["seconds"]))
    return tuple(reports)


def _trial_row(trial: TrialRecord) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(trial, name) for name in _COPIED}
    row |= {"phase": trial.phase.value, "state": trial.state.value, "members": list(trial.members)}
    row |= {name: list(getattr(trial, name).items()) for name in ("params", "versions", "distributions")}
    row["affinities"] = [(">".join(pair), value) for pair, value in trial.affinities.items()]
    row["lost"] = trial.lost
    return row


def _record(row: Mapping[str, Any]) -> TrialRecord:
    return TrialRecord(
        phase=Phase(row["phase"]),
        state=TrialState(row["state"]),
        members=tuple(row["members"]),
        params=dict(row["params"]),
        distributions=dict(row["distributions"]),
        versions=dict(row["versions"]),
        affinities={_pair(text): value for text, value in row["affinities"]},
        lost=row["lost"],
        **{name: row[name] for name in _COPIED},
    )


def _pair(text: str) -> tuple[str, str]:
    source, target = text.split(">")
    return source, target


# The columns of a difference are its fields behind its name; that of a part of the gain is the name itself.
_DIFFERENCES = {
    "vs_single_task": "vs_single_task_difference",
    "vs_reference": "vs_reference_difference",
    "gain_of_tuning": "gain_of_tuning",
    "gain_of_sharing": "gain_of_sharing",
}


def design_rows(designs: Sequence[DesignRecord]) -> pa.Table:
    """The rows of ``designs``."""
    return pa.Table.from_pylist([_flat(asdict(one)) for one in designs], schema=SCHEMAS["designs"])


def summary_rows(summary: Sequence[SummaryRecord]) -> pa.Table:
    """The rows of ``summary``; a difference has a column for each of its fields."""
    rows = []
    for one in summary:
        row = asdict(one)
        for name in _DIFFERENCES:
            row |= {_column(name, field): value for field, value in row.pop(name).items()}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMAS["summary"])


def to_designs(designs: pa.Table) -> list[DesignRecord]:
    """The rows of ``designs`` as records."""
    return [DesignRecord(**_known(row)) for row in designs.to_pylist(maps_as_pydicts="strict")]


def to_summary(summary: pa.Table) -> list[SummaryRecord]:
    """The rows of ``summary`` as records."""
    found = []
    for row in summary.to_pylist():
        for name in _DIFFERENCES:
            columns = {field.name: _column(name, field.name) for field in fields(Difference)}
            row[name] = Difference(**{field: row.pop(of) for field, of in columns.items() if of in row})
        row["tasks"] = [TaskResult(**task) for task in row["tasks"]]
        found.append(SummaryRecord(**_known(row)))
    return found


def _column(name: str, field: str) -> str:
    return _DIFFERENCES[name] if field == "difference" else f"{name}_{field}"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` as pyarrow takes it: a mapping as pairs."""
    return {name: list(value.items()) if isinstance(value, Mapping) else value for name, value in row.items()}


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` as fields of a record: lists are tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
