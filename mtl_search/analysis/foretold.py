"""What the grouping strategy believed of sets before they were trained, against what they gained."""

import math
from dataclasses import dataclass
from typing import final

import pandas as pd

from mtl_search.analysis.frames import default_gains
from mtl_search.records import TrialState

__all__ = ["Calibration", "calibration", "foretold"]

WITHIN = 2.0  # standard deviations; a normal variable is within them in 95 % of all cases
FEWEST = 5  # gains, of which shares are told


def foretold(beliefs: pd.DataFrame, trials: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Of each set of several tasks that had not been trained before: what was expected, and what was gained.

    A row a main member, with the columns ``trial_id``, ``task``, ``members_text``, ``expected``, ``spread``,
    ``gain`` (percent) and ``reason``, oldest first. Trials that were pruned, failed, or answered from an
    equal one say nothing, and neither do later trainings of a set: what they were expected to show, others of
    the same set had shown.
    """
    done = trials[(trials["state"] == TrialState.COMPLETE.value) & trials["duplicate_of"].isna()]
    done = done[done["members"].map(len) > 1].sort_values("started", kind="stable")
    first = trials.sort_values("started", kind="stable").drop_duplicates("members_text")["trial_id"]
    kept = done[done["trial_id"].isin(first)]
    rows = kept[["trial_id", "members_text"]].merge(beliefs, on="trial_id")
    gains = default_gains(metrics).reset_index().melt("trial_id", var_name="task", value_name="gain")
    return rows.merge(gains, on=["trial_id", "task"]).dropna(subset=["gain", "expected"])


@final
@dataclass(frozen=True, slots=True)
class Calibration:
    """How good beliefs were: ``within`` is the share of gains less than two standard deviations off.

    ``explained``: the correlation of what was expected and what was gained, within each task, NaN where
    it cannot be told.
    """

    count: int
    within: float
    explained: float


def calibration(rows: pd.DataFrame) -> Calibration | None:
    """Of the rows of `foretold`; None if they are too few to say anything.

    >>> rows = pd.DataFrame({"task": ["a"] * 5, "expected": [0, 1, 2, 3, 4.0], "spread": 1.0})
    >>> calibration(rows.assign(gain=[0, 1, 2, 3, 8])).within
    0.8
    """
    if len(rows) < FEWEST:
        return None
    within = ((rows["gain"] - rows["expected"]).abs() <= WITHIN * rows["spread"]).mean()
    apart = rows.groupby("task")[["expected", "gain"]].transform(lambda column: column - column.mean())
    known = (apart.std() > 0).all()
    explained = float(apart["expected"].corr(apart["gain"])) if known else math.nan
    return Calibration(len(rows), float(within), explained)
