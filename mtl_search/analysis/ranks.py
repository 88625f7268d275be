"""Confirmed designs ranked task by task: is a good mean due to one task alone?"""

import math
from dataclasses import dataclass

import pandas as pd
from scipy import stats

__all__ = ["RankTable", "rank_table"]


@dataclass(frozen=True, slots=True)
class RankTable:
    """Ranks of the confirmed designs (rows, best mean rank first) on each main task and their mean.

    ``p``: Friedman's test that all designs are equal, tasks as blocks; NaN with fewer than three designs or
    two tasks.
    """

    ranks: pd.DataFrame
    p: float


def rank_table(summary: pd.DataFrame) -> RankTable:
    """Ranks by mean gain on test, 1 is best, ties share the mean rank; tasks without a gain are left out.

    Columns: ``arm``, ``n_networks``, ``rank`` (as in the summary), one a task, ``mean_rank``.
    """
    gains = pd.DataFrame(
        [{task["task"]: task["gain"] for task in tasks} for tasks in summary["tasks"]], index=summary.index
    ).dropna(axis=1)
    ranks = gains.rank(ascending=False)
    keys = summary[["arm", "n_networks", "rank"]]
    table = keys.join(ranks).assign(mean_rank=ranks.mean(axis=1)).sort_values("mean_rank", kind="stable")
    return RankTable(table.reset_index(drop=True), _friedman(gains))


def _friedman(gains: pd.DataFrame) -> float:
    """The p-value of Friedman's test, designs as treatments and tasks as blocks."""
    n_designs, n_tasks = gains.shape
    if n_designs < 3 or n_tasks < 2:
        return math.nan
    if (gains.nunique() == 1).all():
        return 1.0
    return float(stats.friedmanchisquare(*gains.to_numpy()).pvalue)
