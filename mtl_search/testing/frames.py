"""Small tables by hand in the leaderboard's columns, for tests of what reads them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["TASKS", "metrics", "trials", "valid_gains"]

TASKS = pd.DataFrame(
    {
        "task": ["age", "death", "ward"],
        "kind": ["regression", "binary", "multiclass"],
        "role": ["main", "main", "auxiliary"],
        "metric": ["rmse", "auroc", "accuracy"],
        "higher_is_better": [False, True, True],
        "floor": [0.0, 0.0, 0.0],
        "reference": [10.0, 0.8, 0.5],
    }
)
_METRIC = dict(zip(TASKS["task"], TASKS["metric"], strict=True))


def trials(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """The table of trials; what a row leaves out is that of a plain complete trial."""
    plain: dict[str, Any] = {
        "arm": "search",
        "phase": "search",
        "seed": 0,
        "state": "complete",
        "members": ["age", "death"],
        "branching": "age death / age death / age | death",
        "weighting": "equal",
        "params": {},
        "mean_gain": 1.0,
        "n_params": 10,
        "flops": 20,
        "train_seconds": 1.0,
        "device_seconds": 1.0,
        "duplicate_of": None,
        "lost": False,
        "error": None,
    }
    filled = []
    for number, row in enumerate(rows):
        own = {"trial_id": f"t{number}", "config_id": row.get("trial_id", f"t{number}"), "finished": number}
        filled.append({**plain, **own, **row})
    frame = pd.DataFrame(filled)
    frame["started"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(frame["finished"] - 1, unit="s")
    frame["finished"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(frame["finished"], unit="s")
    return frame


def metrics(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    """The table of metrics from (trial_id, task, split, value, gain)."""
    frame = pd.DataFrame(rows, columns=["trial_id", "task", "split", "value", "gain"])
    return frame.assign(metric=frame["task"].map(_METRIC))


def valid_gains(gains: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """The table of metrics with these gains on valid, by trial and task."""
    return metrics(*((trial, task, "valid", 0.0, g) for trial, of in gains.items() for task, g in of.items()))
