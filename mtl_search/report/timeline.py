"""When each trial ran, and where."""

from collections.abc import Sequence

import numpy as np

from mtl_search.records import Phase
from mtl_search.report.figures import BAD, PAPER, Figure, figure, panel
from mtl_search.report.tables import Tables
from mtl_search.report.words import counted, duration, plain

__all__ = ["lanes", "timeline"]

_UNITS = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))
_KINDS = {
    "complete": ("complete", "var(--search)"),
    "pruned": ("stopped early", "var(--muted)"),
    "failed": ("failed", BAD),
    "replication": ("replication", "var(--equal)"),
    "confirmation": ("confirmation", "var(--tuned)"),
}


def timeline(tables: Tables) -> Figure | None:
    """When each trial ran, on which node."""
    trials = tables.trials.dropna(subset=["started", "finished"]).sort_values("started", kind="stable")
    if trials.empty:
        return None
    start = trials["started"].min()
    begun, ended = ((trials[name] - start).dt.total_seconds().to_numpy() for name in ("started", "finished"))
    rows_N = np.array(lanes(trials["node"].tolist(), begun.tolist(), ended.tolist()))
    unit, name = next((size, name) for size, name in _UNITS if ended.max() >= size * 3 or size == 1.0)
    kinds = np.where(trials["phase"] == Phase.SEARCH.value, trials["state"], trials["phase"])
    traces, legend = [], []
    for kind, (word, tint) in _KINDS.items():
        at = np.flatnonzero(kinds == kind)
        if len(at):
            legend.append((word, tint, "dot"))
            traces.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "y": rows_N[at],
                    "base": begun[at] / unit,
                    "x": np.maximum(ended - begun, 0)[at] / unit,
                    "marker": {
                        "color": tint,
                        "line": {"width": 0.5 if len(trials) < 500 else 0, "color": PAPER},
                    },
                    "text": [
                        f"{plain(name)}<br>{word}, {duration(size)}"
                        for name, size in zip(
                            trials["trial_id"].to_numpy()[at], np.maximum(ended - begun, 0)[at], strict=True
                        )
                    ],
                    "textposition": "none",
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )
    n = int(rows_N.max()) + 1
    layout = {
        "barmode": "overlay",
        "bargap": 0.15,
        "xaxis": {"title": {"text": f"{name} since the start"}},
        "yaxis": {"visible": False, "autorange": "reversed"},
        "margin": {"l": 8},
    }
    machines = counted(trials["node"].nunique(), "machine")
    note = f"A bar is a trial, a row one place that trials ran in: {counted(n, 'place')} on {machines}."
    drawing = panel(traces, layout, height=90 + min(30 * n, 420))
    return figure("timeline", "When it ran", note, drawing, legend=legend)


def lanes(nodes: Sequence[str], begun: Sequence[float], ended: Sequence[float]) -> list[int]:
    """The row of each trial, so that those at the same time lie side by side; nodes in blocks."""
    free: dict[str, list[float]] = {node: [] for node in sorted(set(nodes))}
    places = []
    for node, start, end in zip(nodes, begun, ended, strict=True):
        slots = free[node]
        slot = next((at for at, until in enumerate(slots) if until <= start + 1e-3), len(slots))
        slots[slot : slot + 1] = [end]
        places.append((node, slot))
    offsets, total = {}, 0
    for node, slots in free.items():
        offsets[node], total = total, total + len(slots)
    return [offsets[node] + slot for node, slot in places]
