"""Trial records as table rows, and back."""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any

import pyarrow as pa

from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import (
    Belief,
    EpochReport,
    MeanGate,
    Metric,
    Phase,
    Resample,
    Split,
    TrialRecord,
    TrialState,
)

__all__ = [
    "belief_rows",
    "epoch_rows",
    "gate_rows",
    "is_whole",
    "logged_tables",
    "metric_rows",
    "param_rows",
    "resample_rows",
    "to_records",
    "trial_rows",
]

_CHOSEN = ("sweep", "arm", "trial_id", "config_id", "seed", "sharing", "weighting", "config", "data")
_MEASURED = ("error", "score", "mean_gain", "n_params", "flops", "epochs", "best_epoch", "duplicate_of")
_READ = ("reading", "reading_plan")
_PLACED = ("train_seconds", "device_seconds", "device", "node", "started", "finished")
_USED = ("peak_memory", "utilisation", "attempts")
_COPIED = (*_CHOSEN, *_MEASURED, *_PLACED, *_USED, *_READ)  # columns that hold a field of the record as it is


def logged_tables(trial: TrialRecord, defaults: Mapping[str, str]) -> dict[str, pa.Table]:
    """The rows of ``trial`` in each table of the log; ``defaults``: the default metric of each task."""
    of_each = {
        "epochs": epoch_rows,
        "resamples": resample_rows,
        "gates": gate_rows,
        "beliefs": belief_rows,
        "trials": trial_rows,
    }
    return {"metrics": metric_rows([trial], defaults)} | {name: of([trial]) for name, of in of_each.items()}


def trial_rows(trials: Sequence[TrialRecord]) -> pa.Table:
    """The rows of ``trials``."""
    return pa.Table.from_pylist([_trial_row(trial) for trial in trials], schema=SCHEMAS["trials"])


def param_rows(trials: pa.Table) -> pa.Table:
    """The rows of ``params`` of rows of ``trials``: each sampled parameter, in the column of its type."""
    rows = trials.select(["trial_id", "params"]).to_pylist()
    return pa.Table.from_pylist(
        [
            {"trial_id": row["trial_id"], "name": name, **_typed(json.loads(value))}
            for row in rows
            for name, value in row["params"]
        ],
        schema=SCHEMAS["params"],
    )


def _typed(value: object) -> dict[str, object]:
    if isinstance(value, bool):
        return {"flag": value}
    return {"number": float(value)} if isinstance(value, int | float) else {"text": value}


def metric_rows(trials: Sequence[TrialRecord], defaults: Mapping[str, str]) -> pa.Table:
    """The rows of ``metrics``, one a measured value; ``defaults`` are the default metrics by task."""
    return pa.Table.from_pylist(
        [
            {
                "trial_id": trial.trial_id,
                "arm": trial.arm,
                "phase": trial.phase.value,
                "state": trial.state.value,
                "task": metric.task,
                "split": metric.split.value,
                "metric": metric.name,
                "is_default": defaults.get(metric.task) == metric.name,
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


def gate_rows(trials: Sequence[TrialRecord]) -> pa.Table:
    """The rows of ``gates``."""
    return pa.Table.from_pylist(
        [{"trial_id": trial.trial_id, **asdict(gate)} for trial in trials for gate in trial.gates],
        schema=SCHEMAS["gates"],
    )


def belief_rows(trials: Sequence[TrialRecord]) -> pa.Table:
    """The rows of ``beliefs``."""
    return pa.Table.from_pylist(
        [{"trial_id": trial.trial_id, **asdict(belief)} for trial in trials for belief in trial.beliefs],
        schema=SCHEMAS["beliefs"],
    )


def to_records(
    trials: pa.Table,
    metrics: pa.Table,
    epochs: pa.Table | None = None,
    resamples: pa.Table | None = None,
    gates: pa.Table | None = None,
    beliefs: pa.Table | None = None,
) -> list[TrialRecord]:
    """The trials as records with their metrics, and with the rest as far as its rows are given."""
    measured = _by_trial(metrics)
    histories, left_out, taken, believed = (
        _by_trial(rows) if rows is not None else {} for rows in (epochs, resamples, gates, beliefs)
    )
    return [
        replace(
            _record(row),
            metrics=tuple(_metric(found) for found in measured.get(row["trial_id"], ())),
            history=_history(histories.get(row["trial_id"], ())),
            resamples=tuple(_resample(found) for found in left_out.get(row["trial_id"], ())),
            gates=tuple(_gate(found) for found in taken.get(row["trial_id"], ())),
            beliefs=tuple(_belief(found) for found in believed.get(row["trial_id"], ())),
        )
        for row in trials.to_pylist()
    ]


def is_whole(record: TrialRecord) -> bool:
    """Whether a record has the rows of other tables that one of its kind has."""
    trained = record.epochs > 0 and record.duplicate_of is None
    return record.state == TrialState.FAILED or bool(record.metrics and (record.history or not trained))


def _by_trial(rows: pa.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist():
        found[row["trial_id"]].append(row)
    return found


def _metric(row: Mapping[str, Any]) -> Metric:
    return Metric(_once(row["task"]), Split(row["split"]), _once(row["metric"]), row["value"], row["gain"])


def _resample(row: Mapping[str, Any]) -> Resample:
    return Resample(row["task"], row["left_out"], row["value"], Split(row["split"]))


def _gate(row: Mapping[str, Any]) -> MeanGate:
    return MeanGate(row["task"], row["level"], row["expert"], row["weight"])


def _belief(row: Mapping[str, Any]) -> Belief:
    return Belief(row["task"], row["expected"], row["spread"], row["reason"])


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
    row["members_text"] = "+".join(trial.members)
    row |= {name: list(getattr(trial, name).items()) for name in ("params", "versions", "distributions")}
    row["affinities"] = [(">".join(pair), value) for pair, value in trial.affinities.items()]
    row["lost"] = trial.lost
    return row


def _record(row: Mapping[str, Any]) -> TrialRecord:
    return TrialRecord(
        phase=Phase(row["phase"]),
        state=TrialState(row["state"]),
        members=tuple(row["members"]),
        params={_once(name): value for name, value in row["params"]},
        distributions={_once(name): _once(text) for name, text in row["distributions"]},
        versions={_once(name): _once(text) for name, text in row["versions"]},
        affinities={_pair(text): value for text, value in row["affinities"]},
        lost=row["lost"],
        **{name: row[name] for name in _COPIED},
    )


def _once(text: str) -> str:
    """``text``, of which thousands of trials have the same: in memory once."""
    return sys.intern(text)


def _pair(text: str) -> tuple[str, str]:
    source, target = text.split(">")
    return source, target
