"""The leaderboard's tables as pandas frames: what every analysis asks of them."""

from typing import Any

import pandas as pd

from mtl_search.arm_names import APART_ARMS
from mtl_search.records import MetricKind, Phase, Role, Split, TrialState

__all__ = [
    "default_gains",
    "main_tasks",
    "metric_kinds",
    "networks_searched",
    "rows_of",
    "searched",
    "task_weights",
]


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Each row as a dict by column; what is missing in a column of text is None, whatever pandas makes of it.

    pandas 3 reads the null of a column of strings as NaN, which is no verdict, arm or name either, but not
    None: sentences would be made of it.
    """
    texts = [str(name) for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.StringDtype)]
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    for row in rows:
        row.update({name: None for name in texts if not isinstance(row[name], str)})
    return rows


def metric_kinds(tasks: pd.DataFrame) -> dict[str, MetricKind]:
    """The default metric of each task of the table of tasks."""
    return {
        row["task"]: MetricKind(row["metric"], bool(row["higher_is_better"]), float(row["floor"]))
        for row in rows_of(tasks)
    }


def task_weights(tasks: pd.DataFrame) -> dict[str, float]:
    """How much each task counts in delta_m."""
    return {task: float(weight) for task, weight in zip(tasks["task"], tasks["weight"], strict=True)}


def main_tasks(tasks: pd.DataFrame) -> tuple[str, ...]:
    """The tasks that count in delta_m, sorted by name."""
    return tuple(sorted(tasks.loc[tasks["role"] == Role.MAIN.value, "task"]))


def searched(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials of the search that were trained to their end, each once: what evidence is read from.

    Pruned trials stopped at a low fidelity, duplicates repeat what is known, and the confirmation is not
    looked at before it is over.
    """
    complete = trials["state"] == TrialState.COMPLETE.value
    return trials[complete & (trials["phase"] == Phase.SEARCH.value) & trials["duplicate_of"].isna()]


def networks_searched(trials: pd.DataFrame) -> pd.DataFrame:
    """Those of them that say why a network of the sweep is good: neither linear ones nor boosted trees.

    Both train each task alone. What they gain or lose by being another kind of model would be taken for what
    company costs or brings.
    """
    kept = searched(trials)
    return kept[~kept["arm"].isin(APART_ARMS)]


def default_gains(metrics: pd.DataFrame) -> pd.DataFrame:
    """Gain on valid by trial (rows) and task (columns); NaN if the trial lacks the task."""
    rows = metrics[metrics["is_default"] & (metrics["split"] == Split.VALID.value)]
    return rows.pivot(index="trial_id", columns="task", values="gain")
