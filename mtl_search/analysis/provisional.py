"""Provisional: whether more trials of the references could change a verdict."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from mtl_search.analysis.frames import default_gains, task_weights
from mtl_search.arm_names import LINEAR, SEARCH, SHARED_ARMS, SINGLE_TASK
from mtl_search.records import Phase, Role, TrialState

__all__ = ["FEWEST_TRIALS", "provisional"]

FEWEST_TRIALS = 10  # of a study: TPE draws as many at random before it has learned anything


def provisional(trials: pd.DataFrame, metrics: pd.DataFrame, tasks: pd.DataFrame) -> list[str]:
    """Why a verdict may change if the references were tuned further, in words; else empty.

    A reference study is short of trials while fewer than `FEWEST_TRIALS` have completed. It still improves
    if the last trial of its own is the best of all it has, by more than one standard deviation between
    seeds: the best of ten equal ones is the last in one study of ten. What it tries when the search is over,
    the search's hyperparameters, comes last by nature: it counts as trials, not as a sign of more to come.
    """
    search = trials[trials["phase"] == Phase.SEARCH.value]
    complete = search[search["state"] == TrialState.COMPLETE.value]
    replicates = trials[
        (trials["phase"] == Phase.REPLICATION.value) & (trials["state"] == TrialState.COMPLETE.value)
    ]
    gains, weights = default_gains(metrics), task_weights(tasks)
    began = search.loc[search["arm"] == SEARCH, "started"].min()
    few: dict[str, dict[str, int]] = {}
    improving = []
    for name, members, study in _studies(search, tasks):
        done = complete.loc[complete.index.intersection(study.index)]
        done = done.sort_values("finished", kind="stable").drop_duplicates("config_id")
        if len(done) < FEWEST_TRIALS:
            few.setdefault(name.split()[0], {})[name] = len(done)
        elif _improves(done, began, _noise(replicates, gains[gains.columns.intersection(members)], weights)):
            improving.append(name)
    reasons = []
    if few:
        named = ", ".join(_counts(arm, studies) for arm, studies in few.items())
        reasons.append(f"fewer than {FEWEST_TRIALS} completed trials: {named}")
    if improving:
        reasons.append(f"still improving at its last trial: {', '.join(improving)}")
    return reasons


def _studies(search: pd.DataFrame, tasks: pd.DataFrame) -> Iterator[tuple[str, list[str], pd.DataFrame]]:
    """Name, main tasks and trials of each study of the references."""
    main = set(tasks.loc[tasks["role"] == Role.MAIN.value, "task"])
    for arm in (SINGLE_TASK, LINEAR):
        of_arm = search[search["arm"] == arm]
        members = of_arm["members"].map(tuple)
        for own in sorted(own for own in set(members) if set(own) <= main):
            yield f"{arm} {' '.join(own)}", list(own), of_arm[members == own]
    for arm in SHARED_ARMS:
        if len(of_arm := search[search["arm"] == arm]):
            yield arm, sorted(main), of_arm


def _counts(arm: str, studies: dict[str, int]) -> str:
    """How many trials the studies of an arm completed, in short: some have a study for each task.

    >>> _counts("linear", {"linear age": 4, "linear death": 6}), _counts("linear", {"linear age": 4})
    ('linear 4 to 6 in 2 studies', 'linear age 4')
    """
    (name, fewest), *others = sorted(studies.items(), key=lambda study: study[1])
    if not others:
        return f"{name} {fewest}"
    most = others[-1][1]
    numbers = f"{fewest} to {most}" if fewest < most else str(most)
    return f"{arm} {numbers} in {len(studies)} studies"


def _improves(done: pd.DataFrame, search_began: pd.Timestamp, noise: float) -> bool:
    """Whether the last trial before the search began is the best of the study, beyond noise."""
    own = done if pd.isna(search_began) else done[done["started"] < search_began]
    if len(own) < 2:
        return False
    *before, last = own["mean_gain"]
    best_before = max((gain for gain in before if math.isfinite(gain)), default=math.nan)
    return bool(last - best_before > noise and last >= done["mean_gain"].max())


def _noise(replicates: pd.DataFrame, gains: pd.DataFrame, weights: Mapping[str, float]) -> float:
    """The standard deviation between seeds of the mean of ``gains`` that are defined at all, pooled over the
    networks that have them; 0 where unknown."""
    known = gains.loc[:, gains.notna().any()].reindex(replicates["trial_id"])
    counts = pd.Series(weights)[known.columns]
    values = (known * counts).sum(axis=1, skipna=False, min_count=1) / counts.sum()
    by_network = values.groupby(replicates["config_id"].to_numpy())
    freedom = (by_network.count() - 1).clip(lower=0)
    if freedom.sum() == 0:
        return 0.0
    return float(np.sqrt((by_network.var().fillna(0.0) * freedom).sum() / freedom.sum()))
