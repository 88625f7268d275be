"""Heat maps: who helps whom, and what mattered."""

import math
from collections.abc import Collection, Sequence
from html import unescape
from typing import Any

import pandas as pd

from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.importance import OVERALL
from mtl_search.analysis.significance import ALPHA
from mtl_search.report.figures import BAD, GOOD, PAPER, Figure, Panel, figure, panel
from mtl_search.report.words import counted, gain, interval, plain, points, short

__all__ = ["affinity_map", "importance_map"]

_MOST_FEATURES = 12
_MOST_LISTED = 10


def affinity_map(
    table: pd.DataFrame, names: Sequence[str], together: Collection[tuple[str, str]]
) -> Figure | None:
    """Who helps whom of the tasks ``names``, by `affinity`; framed: those ``together`` in the design."""
    if not table["effect"].notna().any():
        return None
    cells = {(row["task"], row["companion"]): row for row in rows_of(table[table["effect"].notna()])}
    known = [a for a in names if any((a, b) in cells for b in names)]
    effects = [[cells[a, b]["effect"] if (a, b) in cells else math.nan for b in names] for a in known]
    largest = max(abs(effect) for row in effects for effect in row if math.isfinite(effect)) or 1.0
    trace = _heat_map(known, names, effects, [[0, BAD], [0.5, PAPER], [1, GOOD]], -largest, largest) | {
        "text": [[_cell(cells.get((a, b)), 1 if largest >= 1 else 2) for b in names] for a in known],
        "texttemplate": "%{text}",
        "textfont": {"color": "var(--ink)"},
        "hovertext": [[_hover(a, b, cells.get((a, b))) for b in names] for a in known],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    note = (
        "Percentage points of gain that the task of a row has when the task of a column is trained with it, "
        "the other companions held fixed: green helps, red costs. Estimated from the search's networks, "
        "linear ones aside. Bold if an effect is shown at level .05, corrected by Holm over all pairs; empty "
        "if the trials cannot tell. Framed: trained together in the design above."
    )
    frames = [_frame(names.index(b), known.index(a)) for a, b in sorted(together) if a in known]
    listed = [
        (f"{row['task']} with {row['companion']}", points(row["effect"]))
        for row in sorted(cells.values(), key=lambda row: -abs(row["effect"]))[:_MOST_LISTED]
        if math.isfinite(row["effect"])
    ]
    drawing = _heat_panel(trace, len(known), 46, frames)
    return figure("affinity", "Which tasks help which", note, drawing, listed=listed)


def _frame(column: int, row: int) -> dict[str, Any]:
    """A frame around a cell."""
    at = {"x0": column - 0.47, "x1": column + 0.47, "y0": row - 0.46, "y1": row + 0.46}
    return {"type": "rect", **at, "line": {"color": "var(--ink)", "width": 1.6}}


def _cell(row: dict[str, Any] | None, digits: int) -> str:
    if row is None:
        return ""
    text = gain(row["effect"], digits).removesuffix("%").strip()
    return f"<b>{text}</b>" if row["p_holm"] < ALPHA else text


def _hover(task: str, companion: str, row: dict[str, Any] | None) -> str:
    if row is None:
        return f"{plain(task)} with {plain(companion)}: the trials cannot tell"
    ends = interval(row["low"], row["high"])
    known = gain(row["effect"]) + (f" ({ends}, uncorrected)" if ends else "")
    counts = f"{counted(row['n_with'], 'trial')} with, {row['n_without']:,} without"
    return f"{plain(task)} with {plain(companion)}: {known}<br>{counts}"


def importance_map(table: pd.DataFrame) -> Figure | None:
    """What mattered, overall and by task, as `importances` has it."""
    if table.empty:
        return None
    wide = table.pivot(index="feature", columns="target", values="importance").fillna(0.0)
    targets = sorted(wide.columns, key=lambda name: (name != OVERALL, name))
    order = wide.max(axis=1).sort_values(ascending=False).index[:_MOST_FEATURES]
    shares = (wide.loc[order, targets] * 100).to_numpy().tolist()
    trace = _heat_map(list(order), targets, shares, [[0, PAPER], [1, "var(--heat)"]], 0, 100) | {
        "texttemplate": "%{z:.0f}",
        "textfont": {"color": "var(--ink)"},
        "hovertemplate": "%{y} for %{x}: %{z:.0f} %<extra></extra>",
    }
    note = (
        "Percent of what decides whether a network, linear ones aside, is among the best tenth (PED-ANOVA): "
        "of the mean gain in the first column, of each task's own gain in the others. “with …” are "
        "companions; “shared stages” is how deep the tasks go together."
    )
    listed = [
        (str(row["feature"]), f"{100 * row['importance']:.0f} % of delta_m")
        for row in rows_of(table[table["target"] == OVERALL])[:_MOST_LISTED]
    ]
    return figure("importance", "What mattered", note, _heat_panel(trace, len(order), 30), listed=listed)


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


def _heat_panel(
    trace: dict[str, Any], n_rows: int, row_height: int, frames: Sequence[dict[str, Any]] = ()
) -> Panel:
    """A heat map with its names on top and at the left, and ``frames`` on it."""
    layout = {
        "xaxis": {"side": "top", "tickangle": -38, "showgrid": False, "ticks": "", **_ticks(trace["x"])},
        "yaxis": {"autorange": "reversed", "showgrid": False, "ticks": "", **_ticks(trace["y"])},
        "margin": {"l": 8, "t": 8, "b": 8},
        "shapes": list(frames),
    }
    return panel([trace], layout, height=110 + row_height * n_rows)


def _ticks(names: Sequence[str]) -> dict[str, Any]:
    """Names at an axis, long ones shortened."""
    return {"tickvals": names, "ticktext": [plain(short(unescape(name))) for name in names]}
