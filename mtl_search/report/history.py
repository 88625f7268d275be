"""The best design so far, over the trials of the whole sweep, with its replication and test marked."""

import math
from itertools import groupby
from typing import Any

import pandas as pd

from mtl_search.analysis.design_history import in_order
from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.verdict_text import recommended
from mtl_search.arm_names import POOLED
from mtl_search.records import Phase, TrialState
from mtl_search.report.figures import Figure, colour, figure, panel, with_alpha
from mtl_search.report.scales import lower_edge
from mtl_search.report.tables import Tables
from mtl_search.report.words import arm_name, counted, design_name, gain, interval, listed, plain

__all__ = ["best_so_far", "every_trial", "so_far"]

_FEW_POINTS, _MOST_POINTS = 500, 3_000  # of an arm: more of them say no more than which trial they are


def best_so_far(tables: Tables) -> Figure | None:
    """The best design of each arm after each trial."""
    table = tables.best_designs
    if table.empty:
        return None
    end = len(in_order(tables.trials))
    arms = [arm for arm in (*tables.trained, POOLED) if arm in set(table["arm"])]
    traces = [_steps(arm, table[table["arm"] == arm], tables) for arm in arms]
    lasts = [float(table.loc[table["arm"] == arm, "delta_m"].max()) for arm in arms]
    marks = _marks(tables, end)
    row = tables.confirmed(recommended(tables.designs))
    ends = [row.delta_m_low, row.delta_m_high] if row and marks else []
    heights = [*lasts, *(value for trace in marks for value in trace["y"]), *filter(math.isfinite, ends), 0.0]
    edge, top = lower_edge(heights), max(heights)
    room = 0.15 * max(top - edge, 0.5)
    shapes, labels = _phases(tables)
    layout = {
        "xaxis": {"title": {"text": "trials of the sweep that had ended"}, "range": [0, end * 1.04 + 1]},
        "yaxis": {"ticksuffix": " %", "zeroline": True, "range": [edge - room, top + 1.5 * room]},
        "shapes": shapes,
        "annotations": labels,
    }
    note = (
        "delta_m on validation of the best design that the networks so far could be put together to, by arm "
        "and of the networks of all arms. A line is of single trainings, the best of many, and so too high: "
        "replication (diamond) and test (dot, with its interval) show what is left of it. The lowest "
        "are below the edge."
    )
    legend = [(arm_name(arm), _tint(arm, tables), "line") for arm in arms]
    shapes_of = {"diamond": ("after replication", "diamond"), None: ("on test", "dot")}
    named = [shapes_of[mark["marker"].get("symbol")] for mark in marks]
    legend += [(name, "var(--ink)", shape) for name, shape in named]
    drawing = panel([*traces, *marks], layout, height=400)
    return figure("history", "Best design so far", note, drawing, legend=legend)


def so_far(tables: Tables) -> str:
    """The best design so far in a sentence, of a sweep that is not over; empty if there is none."""
    found = rows_of(tables.best_designs[tables.best_designs["arm"] == POOLED].tail(1))
    if not found:
        return ""
    best, networks = found[0], counted(found[0]["n_networks"], "network")
    return f"The best design so far has {networks} and gains {gain(best['delta_m'])} on validation"


def _tint(arm: str, tables: Tables) -> str:
    return "var(--ink)" if arm == POOLED else colour(arm, tables.arms)


def _steps(arm: str, rows: pd.DataFrame, tables: Tables) -> dict[str, Any]:
    """The line of one arm."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": rows["number"].to_numpy(),
        "y": rows["delta_m"].cummax().to_numpy(),
        "line": {"shape": "hv", "color": _tint(arm, tables), "width": 3 if arm == POOLED else 1.8},
        "marker": {"size": 4},
        "text": [
            f"{plain(arm_name(arm))}, after {row['number']} trials<br>best design: "
            f"{counted(row['n_networks'], 'network')}, {gain(row['delta_m'])} on validation"
            for row in rows_of(rows)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _marks(tables: Tables, end: int) -> list[dict[str, Any]]:
    """What replication and test showed of the recommended design."""
    chosen = recommended(tables.designs)
    if chosen is None or not math.isfinite(chosen.behind) or not math.isfinite(chosen.delta_m):
        return []
    ordered = in_order(tables.trials)
    replicated = ordered.loc[ordered["phase"] == Phase.REPLICATION.value, "number"]
    name = f"recommended: {plain(design_name(chosen))}"
    common = {"type": "scatter", "mode": "markers", "hovertemplate": "%{text}<extra></extra>"}
    marks: list[dict[str, Any]] = []
    if len(replicated):
        said = f"{name}<br>{gain(chosen.delta_m)} on validation, mean of its trainings"
        marks.append(
            common
            | {
                "x": [int(replicated.max())],
                "y": [chosen.delta_m],
                "marker": {"symbol": "diamond", "size": 12, "color": "var(--ink)"},
                "text": [said],
            }
        )
    row = tables.confirmed(chosen)
    if row is not None and math.isfinite(row.delta_m):
        ends = interval(row.delta_m_low, row.delta_m_high)
        bars = {
            "type": "data",
            "symmetric": False,
            "array": [row.delta_m_high - row.delta_m],
            "arrayminus": [row.delta_m - row.delta_m_low],
            "color": "var(--ink)",
            "width": 4,
        }
        marks.append(
            common
            | {
                "x": [end],
                "y": [row.delta_m],
                "marker": {"size": 12, "color": "var(--ink)"},
                "error_y": bars,
                "text": [f"{name}<br>{gain(row.delta_m)}{f' ({ends})' if ends else ''} on test"],
            }
        )
    return marks


def _phases(tables: Tables) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Shades behind replication and confirmation, the widest of each with its name."""
    ordered = in_order(tables.trials)
    runs: dict[str, list[tuple[int, int]]] = {}
    for phase, run in groupby(zip(ordered["phase"], ordered["number"], strict=True), lambda pair: pair[0]):
        numbers = [number for _, number in run]
        runs.setdefault(str(phase), []).append((numbers[0], numbers[-1]))
    tints = {Phase.REPLICATION.value: "var(--equal)", Phase.CONFIRMATION.value: "var(--tuned)"}
    shapes = [
        {
            "type": "rect",
            "layer": "below",
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "x0": first - 0.5,
            "x1": last + 0.5,
            "line": {"width": 0},
            "fillcolor": with_alpha(tint, 0.1),
        }
        for phase, tint in tints.items()
        for first, last in runs.get(phase, [])
    ]
    labels = []
    for phase, found in runs.items():
        first, last = max(found, key=lambda ends: ends[1] - ends[0])
        if last - first > 0.08 * len(ordered):
            place = {"x": (first + last) / 2, "y": 1, "yref": "paper", "yanchor": "top", "showarrow": False}
            labels.append({"name": "keep", "text": phase, "font": {"size": 11}, **place})
    return shapes, labels


def every_trial(tables: Tables) -> Figure | None:
    """The mean gain of each network of the search."""
    table = in_order(tables.trials)
    table = table[(table["phase"] == Phase.SEARCH.value) & table["mean_gain"].notna()]
    if table.empty:
        return None
    trained = table.loc[table["state"] == TrialState.COMPLETE.value, "mean_gain"]
    shown = trained if len(trained) else table["mean_gain"]
    low, high = float(shown.quantile(0.03)), float(shown.max())
    traces = []
    for arm in tables.trained:
        rows = table[table["arm"] == arm]
        rows = rows.iloc[:: math.ceil(len(rows) / _MOST_POINTS) or 1]
        traces.append(_dots(arm, rows, colour(arm, tables.arms)))
    layout = {
        "xaxis": {"title": {"text": "trials of the sweep that had ended"}},
        "yaxis": {
            "range": [low - 0.1, high + 0.06 * (high - low) + 0.1],
            "ticksuffix": " %",
            "zeroline": True,
        },
    }
    note = (
        "A point is a network: its mean gain over its own members on validation (a cross: stopped early). "
        "Members differ, so a low gain may be the price of an experiment; the lowest are below the edge."
    )
    legend = [(arm_name(arm), colour(arm, tables.arms), "dot") for arm in tables.trained]
    return figure("trials", "Every trial", note, panel(traces, layout, height=340), legend=legend)


def _dots(arm: str, rows: pd.DataFrame, tint: str) -> dict[str, Any]:
    """The trials of an arm."""
    few = len(rows) <= _FEW_POINTS
    early = rows["state"] == TrialState.PRUNED.value
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rows["number"].to_numpy(),
        "y": rows["mean_gain"].to_numpy(),
        "marker": {"size": 5, "color": tint, "symbol": ["x-thin-open" if one else "circle" for one in early]},
        "text": [
            plain(row["trial_id"])
            + (f": {plain(_members(row['members']))}, {plain(row['weighting'])}" if few else "")
            for row in rows_of(rows[["trial_id", "members", "weighting"]])
        ],
        "hovertemplate": f"{plain(arm_name(arm))}, %{{text}}<br>%{{y:.2f}} %<extra></extra>",
    }


def _members(names: Any) -> str:
    """The members of a network, the first of many."""
    few = list(names)
    return listed(few) if len(few) <= 4 else f"{', '.join(few[:3])} and {len(few) - 3} more"
