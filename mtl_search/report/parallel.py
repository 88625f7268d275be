"""Parallel coordinates of the search's trials, drawn as ordinary lines: they need no WebGL."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mtl_search.analysis.importance import OVERALL, features
from mtl_search.arm_names import SEARCH
from mtl_search.report.figures import Figure, figure, panel, with_alpha
from mtl_search.report.tables import Tables
from mtl_search.report.words import gain, plain

__all__ = ["axis", "parallel_lines"]

_FEWEST, _MOST = 3, 400  # lines: more are a blot
_MOST_AXES = 7
_FEW_VALUES, _WIDTH = 8, 0.018
_LACKS, _LACKING = "–", -0.06  # a feature that a trial does not have, and its place on an axis
_WORDS = {"True": "yes", "False": "no"}

Axis = tuple[list[float], list[tuple[float, str]]]


def parallel_lines(tables: Tables) -> Figure | None:
    """The most important features of the search's trials, a line each, the best in colour."""
    kept = tables.evidence
    kept = kept[(kept["arm"] == SEARCH) & kept["mean_gain"].notna()]
    if len(kept) < _FEWEST:
        return None
    spaced = np.unique(np.linspace(0, len(kept) - 1, _MOST).astype(int))
    chosen = kept.sort_values("mean_gain").iloc[spaced]
    described = pd.DataFrame(features(chosen), index=chosen.index)
    ranked = tables.importances[tables.importances["target"] == OVERALL]
    order = ranked["feature"].tolist() or list(described.columns)
    names = [name for name in order if name in described and described[name].nunique() > 1][:_MOST_AXES]
    axes = [_spread(axis(described[name])) for name in names] + [axis(chosen["mean_gain"])]
    texts = [
        f"{plain(key)}: {gain(found)}"
        for key, found in zip(chosen["trial_id"], chosen["mean_gain"], strict=True)
    ]
    band = np.minimum((np.arange(len(chosen)) * 5) // len(chosen), 4)
    traces = [_bundle(axes, np.flatnonzero(band == fifth), fifth, texts) for fifth in range(5)]
    ticks = [
        {
            "text": plain(text),
            "x": at,
            "y": y,
            "xshift": 5,
            "xanchor": "left",
            "bgcolor": with_alpha("var(--card)", 0.75),
        }
        | {"showarrow": False, "font": {"size": 10.5}, "borderpad": 1}
        for at, (_, ticked) in enumerate(axes)
        for y, text in ticked
    ]
    layout = {
        "xaxis": {
            "tickvals": list(range(len(axes))),
            "ticktext": [plain(name) for name in (*names, "mean gain")],
            "side": "top",
            "tickangle": -32,
            "gridcolor": "var(--muted)",
            "range": [-0.08, len(axes) - 0.5],
            "ticks": "",
        },
        "yaxis": {"visible": False, "range": [-0.1, 1.06]},
        "annotations": ticks,
        "margin": {"l": 8, "t": 8, "b": 8},
    }
    note = (
        "Each line is a network of the search, over the features that mattered most, the best fifth in "
        "front; its right end says which one."
    )
    legend = [("best fifth", "var(--band5)", "line"), ("middle", "var(--band3)", "line")]
    legend.append(("lowest fifth", "var(--band1)", "line"))
    drawing = panel(traces, layout, height=430)
    return figure("parallel", "What the best have in common", note, drawing, legend=legend)


def _bundle(axes: list[Axis], rows: np.ndarray, fifth: int, texts: Sequence[str]) -> dict[str, Any]:
    """The lines of one fifth of the trials, as one trace."""
    best = fifth == 4
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for _ in rows for x in (*range(len(axes)), None)],
        "y": [y for row in rows for y in (*(places[row] for places, _ in axes), None)],
        "line": {"width": 2 if best else 0.8, "color": f"var(--band{fifth + 1})"},
        "text": [text for row in rows for text in (*([""] * (len(axes) - 1)), texts[row], "")],
        "hoverinfo": [*["skip"] * (len(axes) - 1), "text", "skip"] * len(rows),
    }


def _spread(scale: Axis) -> Axis:
    """An axis of few values with its lines laid side by side, so that their number shows."""
    places, ticks = scale
    if len(set(places)) > _FEW_VALUES:
        return scale
    return [place + _WIDTH * ((7 * row) % 11 - 5) / 5 for row, place in enumerate(places)], ticks


def axis(column: pd.Series) -> Axis:
    """Places between 0 and 1 and the ticks of one axis; what a trial lacks lies below."""
    present = column.dropna()
    if pd.api.types.is_numeric_dtype(present) and not pd.api.types.is_bool_dtype(present):
        numbers = column.to_numpy(dtype=float)
        low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
        scaled = np.log(numbers) if low > 0 and high / low > 100 else numbers
        least, most = np.nanmin(scaled), np.nanmax(scaled)
        places = np.nan_to_num((scaled - least) / max(most - least, 1e-12), nan=_LACKING)
        return places.tolist(), [(0.0, f"{low:.3g}"), (1.0, f"{high:.3g}")]
    texts = [_LACKS if pd.isna(item) else _WORDS.get(str(item), str(item)) for item in column]
    names = sorted(set(texts) - {_LACKS})
    where = {name: at / max(len(names) - 1, 1) for at, name in enumerate(names)}
    return [where.get(text, _LACKING) for text in texts], [(place, name) for name, place in where.items()]
