"""Last section: how did the search go?"""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mtl_search.analysis.curves import search_history
from mtl_search.analysis.fairness import arm_costs
from mtl_search.analysis.frames import rows_of
from mtl_search.records import Phase, TrialState
from mtl_search.report.figures import Figure, colour, figure, panel
from mtl_search.report.parallel import parallel_lines
from mtl_search.report.tables import Tables
from mtl_search.report.timeline import timeline
from mtl_search.report.words import arm_name, counted, duration, gain, plain

__all__ = ["Failure", "Progress", "progress"]

_MOST_POINTS = 3_000  # of the history
_COLUMNS = (
    "arm", "trained", "complete", "stopped early", "failed", "answered from before", "device time",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """Trials that failed with the same error."""

    error: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The search as it went."""

    figures: tuple[Figure, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    failures: tuple[Failure, ...]
    facts: tuple[tuple[str, str], ...]


def progress(tables: Tables) -> Progress:
    """History, parallel coordinates, timeline, failures, and the facts of the run."""
    found = (_history(tables), parallel_lines(tables), timeline(tables))
    return Progress(
        figures=tuple(one for one in found if one is not None),
        columns=_COLUMNS,
        rows=tuple(_arm_row(arm, tables) for arm in tables.trained),
        failures=_failures(tables.trials),
        facts=_facts(tables),
    )


def _history(tables: Tables) -> Figure | None:
    """Each trial's gain, and the best so far, by arm."""
    table = search_history(tables.trials)
    table = table[table["mean_gain"].notna()]
    if table.empty:
        return None
    traces = [
        trace
        for arm in tables.trained
        for trace in _arm_traces(arm, table[table["arm"] == arm], colour(arm, tables.arms))
    ]
    trained = table.loc[table["state"] == TrialState.COMPLETE.value, "mean_gain"]
    shown = trained if len(trained) else table["mean_gain"]
    low, high = float(shown.quantile(0.03)), float(shown.max())
    layout = {
        "xaxis": {"title": {"text": "trial of the arm"}},
        "yaxis": {
            "range": [low - 0.1, high + 0.06 * (high - low) + 0.1],
            "ticksuffix": " %",
            "zeroline": True,
        },
    }
    note = (
        "Mean gain on validation. A point is a trial (a cross: stopped early), the line the best so far. "
        "Trials differ in their members, so a low gain may be the price of an experiment; the lowest are "
        "below the edge."
    )
    legend = [(arm_name(arm), colour(arm, tables.arms), "line") for arm in tables.trained]
    return figure("history", "Best so far", note, panel(traces, layout, height=380), legend=legend)


def _arm_traces(arm: str, rows: pd.DataFrame, tint: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trials of an arm as points, and the line of the best so far."""
    thin = rows.iloc[:: math.ceil(len(rows) / _MOST_POINTS) or 1]
    stopped = thin["state"] == TrialState.PRUNED.value
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": thin["number"].to_numpy(),
        "y": thin["mean_gain"].to_numpy(),
        "marker": {
            "size": 5,
            "color": tint,
            "opacity": 0.45,
            "symbol": ["x-thin-open" if early else "circle" for early in stopped],
        },
        "text": [plain(name) for name in thin["trial_id"]],
        "hovertemplate": "%{text}: %{y:.2f} %<extra></extra>",
    }
    best = {
        "type": "scatter",
        "mode": "lines",
        "x": thin["number"].to_numpy(),
        "y": thin["best"].to_numpy(),
        "line": {"shape": "hv", "color": tint, "width": 2.5},
        "text": [plain(arm_name(arm))] * len(thin),
        "hovertemplate": "%{text}: best after %{x} is %{y:.2f} %<extra></extra>",
    }
    return points, best


def _arm_row(arm: str, tables: Tables) -> tuple[str, ...]:
    """What became of an arm's trials."""
    own = tables.trials[(tables.trials["arm"] == arm) & (tables.trials["phase"] == Phase.SEARCH.value)]
    again = own["duplicate_of"].notna()
    states = own[~again]["state"].value_counts()
    trained, seconds = arm_costs(tables.trials).get(arm, (0, 0.0))
    counts = (states.get(state.value, 0) for state in TrialState)
    return (arm_name(arm), str(trained), *map(str, counts), str(again.sum()), duration(seconds))


def _failures(trials: pd.DataFrame) -> tuple[Failure, ...]:
    """The errors of failed trials, the most frequent first."""
    failed = trials[trials["state"] == TrialState.FAILED.value]
    errors = failed["error"].fillna("no error was recorded")
    first = dict(zip(errors[::-1], failed["trial_id"][::-1], strict=True))
    return tuple(Failure(str(error), n, first[error]) for error, n in Counter(errors).most_common())


def _facts(tables: Tables) -> tuple[tuple[str, str], ...]:
    """The run in a few words."""
    trials = tables.trials
    if trials.empty:
        return ()
    took = (trials["finished"].max() - trials["started"].min()).total_seconds()
    versions = rows_of(trials.tail(1))[0]["versions"]
    devices = ", ".join(
        f"{counted(n, 'trial')} on {name}" for name, n in Counter(trials["device"]).most_common(3)
    )
    return (
        ("began", f"{trials['started'].min():%Y-%m-%d %H:%M} UTC"),
        ("took", duration(took)),
        ("ran", devices),
        ("data", f"fingerprint {trials['data'].iloc[-1]}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))),
        ("best trial", gain(float(tables.evidence["mean_gain"].max()))),
    )
