"""Third section: why?"""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from mtl_search.analysis.affinity import affinity
from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.importance import OVERALL, importances, shared_stages
from mtl_search.analysis.significance import ALPHA
from mtl_search.report.dynamics import learning_rates, task_curves, weight_curves
from mtl_search.report.figures import (
    BAD,
    GOOD,
    PAPER,
    Figure,
    Panel,
    figure,
    panel,
    with_alpha,
)
from mtl_search.report.tables import Tables
from mtl_search.report.words import gain, interval, plain

__all__ = ["reasons"]

_MOST_FEATURES = 12
_FEW = 400  # points that a box plot can show


def reasons(tables: Tables) -> tuple[Figure, ...]:
    """Which tasks help which, what mattered, where to split, how weights and learning went."""
    found = (
        _affinity(tables),
        _importance(tables),
        _choices(tables),
        learning_rates(tables),
        weight_curves(tables),
        task_curves(tables),
    )
    return tuple(one for one in found if one is not None)


def _affinity(tables: Tables) -> Figure | None:
    """The heat map of who helps whom."""
    table = affinity(tables.trials, tables.metrics, tables.tasks)
    if not table["effect"].notna().any():
        return None
    names = sorted(tables.tasks["task"])
    cells = {(row["task"], row["companion"]): row for row in rows_of(table)}
    known = [a for a in names if any(math.isfinite(cells[a, b]["effect"]) for b in names if b != a)]
    effects = [[cells[a, b]["effect"] if a != b else math.nan for b in names] for a in known]
    largest = max(abs(effect) for row in effects for effect in row if math.isfinite(effect)) or 1.0
    trace = _heat_map(known, names, effects, [[0, BAD], [0.5, PAPER], [1, GOOD]], -largest, largest) | {
        "text": [[_cell(cells.get((a, b)), 1 if largest >= 1 else 2) for b in names] for a in known],
        "texttemplate": "%{text}",
        "hovertext": [[_hover(a, b, cells.get((a, b))) for b in names] for a in known],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    note = (
        "Percentage points of gain that the task of a row has when the task of a column is trained with it, "
        "the other companions held fixed: green helps, red hurts. Bold if an effect is shown at level "
        ".05, corrected by Holm over all pairs; empty if the trials cannot tell."
    )
    return figure("affinity", "Which tasks help which", note, _heat_panel(trace, len(known), 46))


def _cell(row: dict[str, Any] | None, digits: int) -> str:
    if row is None or not math.isfinite(row["effect"]):
        return ""
    text = gain(row["effect"], digits).removesuffix("%").strip()
    return f"<b>{text}</b>" if row["p_holm"] < ALPHA else text


def _hover(task: str, companion: str, row: dict[str, Any] | None) -> str:
    if row is None:
        return plain(task)
    ends = interval(row["low"], row["high"])
    known = gain(row["effect"]) + (f" ({ends}, uncorrected)" if ends else "")
    counts = f"{row['n_with']} trials with, {row['n_without']} without"
    return f"{plain(task)} with {plain(companion)}: {known}<br>{counts}"


def _importance(tables: Tables) -> Figure | None:
    """The heat map of what mattered, overall and by task."""
    table = importances(tables.trials, tables.metrics, tables.tasks)
    if table.empty:
        return None
    wide = table.pivot(index="feature", columns="target", values="importance").fillna(0.0)
    targets = sorted(wide.columns, key=lambda name: (name != OVERALL, name))
    order = wide.max(axis=1).sort_values(ascending=False).index[:_MOST_FEATURES]
    shares = (wide.loc[order, targets] * 100).to_numpy().tolist()
    trace = _heat_map(list(order), targets, shares, [[0, PAPER], [1, "var(--search)"]], 0, 100) | {
        "texttemplate": "%{z:.0f}",
        "hovertemplate": "%{y} for %{x}: %{z:.0f} %<extra></extra>",
    }
    note = (
        "Percent of what decides whether a trial is among the best tenth (PED-ANOVA): of the mean gain in "
        "the first column, of each task's own gain in the others. “with …” are companions; “shared stages” "
        "is how deep the tasks go together."
    )
    return figure("importance", "What mattered", note, _heat_panel(trace, len(order), 30))


def _heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float]],
    scale: Sequence[Sequence[Any]],
    low: float,
    high: float,
) -> dict[str, Any]:
    """A trace of coloured cells."""
    return {
        "type": "heatmap",
        "x": [plain(name) for name in columns],
        "y": [plain(name) for name in rows],
        "z": values,
        "colorscale": scale,
        "zmin": low,
        "zmax": high,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
    }


def _heat_panel(trace: dict[str, Any], n_rows: int, row_height: int) -> Panel:
    """A heat map with its names on top and at the left."""
    layout = {
        "xaxis": {"side": "top", "tickangle": -38, "showgrid": False, "ticks": ""},
        "yaxis": {"autorange": "reversed", "showgrid": False, "ticks": ""},
        "margin": {"l": 8, "t": 8, "b": 8},
    }
    return panel([trace], layout, height=110 + row_height * n_rows, width=180 + 34 * len(trace["x"]))


def _choices(tables: Tables) -> Figure | None:
    """Gain against how many stages the members share, and by weighting."""
    kept = tables.evidence
    kept = kept[(kept["members"].map(len) > 1) & kept["mean_gain"].notna()]
    panels = []
    stages = pd.Series(list(map(shared_stages, kept["sharing"], kept["members"])), kept.index, dtype=float)
    depth = stages.dropna().map("{:.2g}".format)
    if depth.nunique() > 1:
        order = sorted(depth.unique(), key=float)
        panels.append(
            _boxes(
                "By stages shared, mean over pairs",
                depth,
                order,
                kept["mean_gain"][depth.index],
                "var(--search)",
            )
        )
    if kept["weighting"].nunique() > 1:
        order = list(kept.groupby("weighting")["mean_gain"].median().sort_values(ascending=False).index)
        panels.append(
            _boxes(
                "By weighting, best median first", kept["weighting"], order, kept["mean_gain"], "var(--tuned)"
            )
        )
    if not panels:
        return None
    note = (
        "Mean gain on validation of the trials of several tasks that were trained to their end. Their "
        "members differ too, so this is a hint."
    )
    return figure("choices", "Where to split, and how to weight", note, *panels)


def _boxes(title: str, groups: pd.Series, order: Sequence[str], gains: pd.Series, tint: str) -> Panel:
    """Box plots, with their points if they are few."""
    few = len(gains) <= _FEW
    trace = {
        "type": "box",
        "x": [plain(name) for name in groups],
        "y": gains.to_numpy(),
        "boxpoints": "all" if few else "outliers",
        "jitter": 0.5,
        "pointpos": 0,
        "marker": {"size": 4, "opacity": 0.5, "color": tint},
        "line": {"width": 1.5, "color": tint},
        "fillcolor": with_alpha(tint, 0.12),
        "hoveron": "boxes",
    }
    middle = [float(end) for end in gains.quantile([0.03, 1.0])]
    layout = {
        "xaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [plain(name) for name in order],
        },
        "yaxis": {"zeroline": True, "range": [middle[0] - 0.5, middle[1] + 0.5], "ticksuffix": " %"},
    }
    return panel([trace], layout, title=title, height=300)
