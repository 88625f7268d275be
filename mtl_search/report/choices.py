"""Gain against the choices of a network: how its members share it, how many stages, and the weighting."""

from collections.abc import Sequence

import pandas as pd

from mtl_search.analysis.sharing import HARD, shared_stages, way_of_sharing
from mtl_search.report.figures import Figure, Panel, figure, panel, with_alpha
from mtl_search.report.tables import Tables
from mtl_search.report.words import plain

__all__ = ["choices"]

_FEW = 400  # points that a box plot can show


def choices(tables: Tables) -> Figure | None:
    """Gain by way of sharing, against how many stages the members share, and by weighting."""
    kept = tables.evidence
    kept = kept[(kept["members"].map(len) > 1) & kept["mean_gain"].notna()]
    panels = []
    shared = list(zip(kept["sharing"], kept["members"], strict=True))
    ways = pd.Series([way_of_sharing(*one) for one in shared], kept.index, dtype=str).replace(HARD, "tree")
    if ways.nunique() > 1:
        order = _best_median_first(ways, kept)
        panels.append(_boxes("By way of sharing, best median first", ways, order, kept, "var(--s1)"))
    stages = pd.Series([shared_stages(*one) for one in shared], kept.index, dtype=float)
    depth = stages.dropna().map("{:.2g}".format)
    if depth.nunique() > 1:
        order = sorted(depth.unique(), key=float)
        panels.append(
            _boxes(
                "By stages shared, mean over pairs",
                depth,
                order,
                kept.loc[depth.index],
                "var(--search)",
            )
        )
    if kept["weighting"].nunique() > 1:
        order = _best_median_first(kept["weighting"], kept)
        panels.append(
            _boxes("By weighting, best median first", kept["weighting"], order, kept, "var(--tuned)")
        )
    if not panels:
        return None
    note = (
        "Mean gain on validation of the trials of several tasks that were trained to their end. Their "
        "members differ too, so this is a hint."
    )
    return figure("choices", "Where to split, and how to weight", note, *panels)


def _best_median_first(groups: pd.Series, kept: pd.DataFrame) -> list[str]:
    return list(kept["mean_gain"].groupby(groups).median().sort_values(ascending=False).index)


def _boxes(title: str, groups: pd.Series, order: Sequence[str], kept: pd.DataFrame, tint: str) -> Panel:
    """Box plots, with their points if they are few."""
    gains, names = kept["mean_gain"], kept["trial_id"]
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
        "text": [plain(name) for name in names],
        "hovertemplate": "%{text}<br>%{x}: %{y:.2f} %<extra></extra>",
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
