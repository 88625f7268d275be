"""Where the gain of the recommended design comes from: tuning and sharing, separated by its control."""

import math
from typing import Any

from mtl_search.records import Difference, SummaryRecord
from mtl_search.report.figures import Figure, figure, panel
from mtl_search.report.words import gain, interval

__all__ = ["gain_parts"]


def gain_parts(confirmed: SummaryRecord | None) -> Figure | None:
    """Bars of tuning, of sharing, and of both; None if there is no control to separate them.

    The whole is the sum of its parts, on the seeds that all three designs have.
    """
    if confirmed is None or confirmed.control == confirmed.design_id:
        return None
    tuning, sharing = confirmed.gain_of_tuning.difference, confirmed.gain_of_sharing.difference
    if not (math.isfinite(tuning) and math.isfinite(sharing)):
        return None
    bars = (
        ("both: this design over single task", tuning + sharing, confirmed.vs_single_task, "var(--muted)"),
        ("sharing: this design over its control", sharing, confirmed.gain_of_sharing, "var(--search)"),
        ("tuning: control over single task", tuning, confirmed.gain_of_tuning, "var(--tuned)"),
    )
    traces = [_bar(at, *bar) for at, bar in enumerate(bars)]
    layout = {
        "bargap": 0.45,
        "xaxis": {"zeroline": True, "ticksuffix": " %"},
        "yaxis": {"tickvals": [0, 1, 2], "ticktext": [bar[0] for bar in bars], "range": [-0.6, 2.6]},
    }
    level = f"{100 * (1 - confirmed.alpha):g} %"
    note = (
        "The control is each task alone with the hyperparameters of the network that serves it. What it "
        "gains over tuned single-task networks comes from tuning, what the design gains over it from "
        f"sharing. On test, with {level} intervals."
    )
    return figure("parts", "Where the gain comes from", note, panel(traces, layout, height=210))


def _bar(at: int, name: str, size: float, found: Difference, tint: str) -> dict[str, Any]:
    """A bar with its interval."""
    low, high, middle = found.low, found.high, found.difference
    ends = interval(low, high)
    return {
        "type": "bar",
        "orientation": "h",
        "y": [at],
        "x": [size],
        "marker": {"color": tint},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - middle],
            "arrayminus": [middle - low],
            "color": "var(--ink)",
            "thickness": 1.3,
            "width": 4,
        },
        "text": [f"{name}: {gain(size)}{f' ({ends})' if ends else ''}"],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }
