"""How trainings went: the learning rate, the weights of the losses, the learning curves."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from mtl_search.analysis.curves import learning_curves, weight_trajectories
from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.sensitivity import learning_rate_profile, learning_rate_spread
from mtl_search.report.figures import Figure, colour, figure, palette, panel
from mtl_search.report.tables import Tables
from mtl_search.report.words import arm_name, counted, gain, plain

__all__ = ["learning_rates", "task_curves", "weight_curves"]

_MOST_WEIGHTINGS = 4
_STILL = 0.005  # weights that move less are equal weighting


def learning_rates(tables: Tables) -> Figure | None:
    """Best gain by learning rate and arm."""
    profile = learning_rate_profile(tables.trials)
    if profile.empty:
        return None
    spread = learning_rate_spread(profile).set_index("arm")["spread"]
    traces, legend = [], []
    for arm in tables.trained:
        rows = rows_of(profile[profile["arm"] == arm])
        if not rows:
            continue
        tint = colour(arm, tables.arms)
        wide = f": spread {spread[arm]:.1f}" if math.isfinite(spread[arm]) else ""
        legend.append((arm_name(arm) + wide, tint, "line"))
        words = [
            f"{plain(arm_name(arm))}, rates {r['lr_low']:.1g} to {r['lr_high']:.1g}<br>"
            f"best {gain(r['best'])} of {counted(r['n_trials'], 'trial')}"
            for r in rows
        ]
        middles = [math.sqrt(row["lr_low"] * row["lr_high"]) for row in rows]
        traces.append(
            _line(middles, [row["best"] for row in rows], tint) | {"mode": "lines+markers", "text": words}
        )
    ticks = _rate_ticks(profile)
    layout = {
        "xaxis": {
            "type": "log",
            "title": {"text": "learning rate"},
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
        },
        "yaxis": {"zeroline": True, "ticksuffix": " %"},
    }
    note = (
        "The best mean gain of each arm in each half decade of the rate. A wide spread: that arm lives by "
        "its rate, and a comparison at one rate would mislead (Xin et al. 2022)."
    )
    return figure("rates", "Sensitivity to the learning rate", note, panel(traces, layout), legend=legend)


def _still_training(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The epochs that at least half of a curve's trials have reached: later medians are of other trials."""
    most = table.groupby(by)["n_trials"].transform("max")
    return table[table["n_trials"] >= most / 2]


def _rate_ticks(profile: pd.DataFrame) -> list[float]:
    """Ticks at one and three of each decade."""
    low, high = profile["lr_low"].min(), profile["lr_high"].max()
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick for d in decades for tick in (10.0**d, 3 * 10.0**d) if low <= tick <= high]


def _line(x: Iterable[float], y: Iterable[float], tint: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": list(y),
        "line": {"color": tint, "width": 2},
        "hovertemplate": "%{text}<extra></extra>",
    }


def weight_curves(tables: Tables) -> Figure | None:
    """The weights that the methods used, by epoch."""
    table = _still_training(weight_trajectories(tables.epochs, tables.trials), ["weighting", "task"])
    moving = table.groupby("weighting")["weight_median"].agg(lambda column: column.max() - column.min())
    methods = list(moving[moving > _STILL].sort_values(ascending=False).index[:_MOST_WEIGHTINGS])
    if not methods:
        return None
    tasks = sorted(tables.tasks["task"])
    tints = palette(tasks)
    panels = []
    for method in methods:
        lines = []
        for task in tasks:
            rows = table[(table["weighting"] == method) & (table["task"] == task)]
            said = f"{plain(task)}, {plain(method)}<br>weight %{{y:.2f}} at epoch %{{x}}<extra></extra>"
            lines.append(_line(rows["epoch"], rows["weight_median"], tints[task]) | {"hovertemplate": said})
        panels.append(panel(lines, {"xaxis": {"title": {"text": "epoch"}}}, title=method, height=260))
    note = (
        "Median over trials, as long as half of them are still training. 1 is the mean weight of a network's "
        "tasks: equal weighting is flat at 1."
    )
    legend = [(task, tints[task], "line") for task in tasks]
    return figure("weights", "What the weightings did", note, *panels, legend=legend)


def task_curves(tables: Tables) -> Figure | None:
    """Median learning curves of the tasks, by arm."""
    table = _still_training(learning_curves(tables.epochs, tables.trials), ["arm", "task"])
    metrics = tables.tasks.set_index("task")["metric"]
    panels = []
    for task in tables.main:
        lines = []
        for arm in tables.trained:
            rows = table[(table["task"] == task) & (table["arm"] == arm)]
            said = f"{plain(task)}, {plain(arm_name(arm))}<br>{metrics[task]} %{{y:.4g}} at epoch %{{x}}"
            lines.append(
                _line(rows["epoch"], rows["valid_median"], colour(arm, tables.arms))
                | {
                    "text": rows["n_trials"].tolist(),
                    "hovertemplate": f"{said}, median of %{{text}} trials<extra></extra>",
                }
            )
        if any(line["x"] for line in lines):
            title = f"{task}, {metrics[task]}"
            panels.append(panel(lines, {"xaxis": {"title": {"text": "epoch"}}}, title=title, height=260))
    if not panels:
        return None
    note = "On validation, median over each arm's trials, as long as half of them are still training."
    legend = [(arm_name(arm), colour(arm, tables.arms), "line") for arm in tables.trained]
    return figure("learning", "Learning curves", note, *panels, legend=legend)
