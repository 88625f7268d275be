"""What was believed of each set of tasks before it was trained, against what it gained."""

import math
from collections.abc import Mapping
from typing import Any

from mtl_search.analysis.foretold import WITHIN, calibration, foretold
from mtl_search.analysis.frames import rows_of
from mtl_search.report.figures import Figure, figure, panel, with_alpha
from mtl_search.report.tables import Tables
from mtl_search.report.words import gain, plain, typeset

__all__ = ["beliefs"]

_MOST_LISTED = 5
_NORMAL = "95 %"  # of normal variables are within two standard deviations
_AS_EXPECTED, _SURPRISE = "var(--search)", "var(--bad)"


def beliefs(tables: Tables) -> Figure | None:
    """A point for each main task of each new set; None if a strategy that learns chose too few."""
    rows = foretold(tables.beliefs, tables.trials, tables.metrics)
    found = calibration(rows)
    if found is None:
        return None
    off = (rows["gain"] - rows["expected"]) / rows["spread"]
    rows = rows.assign(off=off).sort_values("off", key=abs, ascending=False)
    tints = [_SURPRISE if abs(one) > WITHIN else _AS_EXPECTED for one in rows["off"]]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": rows["expected"].to_numpy(),
        "y": rows["gain"].to_numpy(),
        "marker": {"size": 7, "color": tints, "opacity": 0.8},
        "error_x": {
            "type": "data",
            "array": (WITHIN * rows["spread"]).to_numpy(),
            "color": with_alpha("var(--muted)", 0.25),
            "thickness": 1,
            "width": 0,
        },
        "text": [_hover(row) for row in rows_of(rows)],
        "hovertemplate": "%{text}<extra></extra>",
    }
    ends = [float(rows[["expected", "gain"]].min().min()), float(rows[["expected", "gain"]].max().max())]
    diagonal = {
        "type": "scatter",
        "mode": "lines",
        "x": ends,
        "y": ends,
        "hoverinfo": "skip",
        "line": {"color": "var(--muted)", "width": 1, "dash": "dot"},
    }
    layout = {
        "xaxis": {"title": {"text": "expected"}, "ticksuffix": " %"},
        "yaxis": {"title": {"text": "gained"}, "ticksuffix": " %", "zeroline": True},
    }
    tells = f" What was expected and what was gained go together by {found.explained:.2f} (correlation)."
    note = typeset(
        f"Gains on validation of {found.count} tasks in sets that were new, and what the strategy expected "
        "of them when it chose the set, with two standard deviations either way. "
        f"{100 * found.within:.0f} % are within; if beliefs are as sure as they ought to be, {_NORMAL} are."
        + (tells if math.isfinite(found.explained) else "")
    )
    legend = (("as expected", _AS_EXPECTED, "dot"), ("a surprise", _SURPRISE, "dot"))
    listed = [
        (f"{row['task']} in {_set(row)}", f"expected {gain(row['expected'])}, gained {gain(row['gain'])}")
        for row in rows_of(rows)[:_MOST_LISTED]
    ]
    drawing = panel([diagonal, trace], layout, height=380)
    return figure(
        "beliefs",
        "What was believed of sets, and what they gained",
        note,
        drawing,
        legend=legend,
        listed=listed,
    )


def _set(row: Mapping[str, Any]) -> str:
    return "{" + str(row["members_text"]).replace("+", ", ") + "}"


def _hover(row: Mapping[str, Any]) -> str:
    expected, gained, spread = gain(row["expected"]), gain(row["gain"]), row["spread"]
    lines = (
        plain(f"{row['task']} in {_set(row)}"),
        f"expected {expected} ± {spread:.2g}, gained {gained}",
        plain(row["reason"]),
    )
    return "<br>".join(lines)
