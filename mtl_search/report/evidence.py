"""Second section: is it really better?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.analysis.frames import rows_of, task_weights
from mtl_search.analysis.verdict_words import arm_words
from mtl_search.report.figures import Figure, colour, figure, panel
from mtl_search.report.tables import Tables
from mtl_search.report.words import counted, design_names, duration, interval, percent, plain, value

__all__ = ["Evidence", "evidence"]

_COLUMNS = (
    "design",
    "verdict",
    "delta_m",
    "interval",
    "against single task",
    "against the best other reference",
    "would be shown",
    "by tuning, by sharing",
    "budget of its arm",
)

Row = Mapping[str, Any]
Names = Mapping[str, str]  # by design_id


@dataclass(frozen=True, slots=True)
class Evidence:
    """The confirmed designs against the references, the recommended one first."""

    figures: tuple[Figure, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    task_columns: tuple[str, ...]
    task_rows: tuple[tuple[str, ...], ...]
    caveats: tuple[str, ...]
    provisional: tuple[str, ...]
    primary: bool  # whether the recommended design is among them


def evidence(tables: Tables) -> Evidence | None:
    """What the confirmation shows, None before it."""
    rows = sorted(rows_of(tables.summary), key=lambda row: not row["chosen"])
    if not rows:
        return None
    names = design_names(rows)
    shown = _one_an_arm(rows, tables.confirmed(tables.winner()))
    return Evidence(
        figures=(_forest(rows, names, tables.arms), *_per_task(shown, names, tables)),
        columns=_COLUMNS,
        rows=tuple(_row(row, names) for row in rows),
        task_columns=("task", "metric", *(names[row["design_id"]] for row in shown)),
        task_rows=tuple(_task_row(task, shown, tables) for task in tables.main),
        caveats=tuple(rows[0]["caveats"]),
        provisional=tuple(rows[0]["provisional"]),
        primary=bool(rows[0]["chosen"]),
    )


def _one_an_arm(rows: Sequence[Row], winner: Row | None) -> list[Row]:
    """The design to train first, then of each other arm that of the most networks and first rank."""
    best: dict[str, Row] = {winner["arm"]: winner} if winner else {}
    for row in sorted(rows, key=lambda row: (-row["n_networks"], -row["delta_m_valid"])):
        best.setdefault(row["arm"], row)
    return list(best.values())


def _forest(rows: Sequence[Row], names: Names, arms: Sequence[str]) -> Figure:
    """Each design's difference to both references, with intervals."""
    other = rows[0]["reference"]
    single, best = arm_words("single_task"), arm_words(other) if other else "no other reference"
    traces = [
        _against(rows, names, arms, "vs_single_task", single, "circle", 0.15),
        _against(rows, names, arms, "vs_reference", best, "diamond", -0.15),
    ]
    layout = {
        "xaxis": {"title": {"text": "difference on test, percent"}, "zeroline": True},
        "yaxis": _names_axis([names[row["design_id"]] for row in reversed(rows)]),
    }
    note = (
        "Difference of delta_m on test to each reference; right of zero is better. An interval that crosses "
        "zero shows no difference. The verdicts on secondary comparisons also count Holm's correction for "
        "the number of tests."
    )
    legend = [
        (f"against {single}", "var(--muted)", "dot"),
        (f"against {best}", "var(--muted)", "diamond"),
    ]
    drawing = panel(traces, layout, height=70 + 42 * len(rows))
    return figure("forest", "Every confirmed design against the references", note, drawing, legend=legend)


def _against(
    rows: Sequence[Row],
    names: Names,
    arms: Sequence[str],
    prefix: str,
    reference: str,
    symbol: str,
    shift: float,
) -> dict[str, Any]:
    """The points of one reference; designs are numbered from the bottom."""
    kept = [(y, row) for y, row in enumerate(reversed(rows)) if math.isfinite(row[f"{prefix}_difference"])]
    return {
        **_points(
            [row[f"{prefix}_difference"] for _, row in kept],
            [y + shift for y, _ in kept],
            [row[f"{prefix}_low"] for _, row in kept],
            [row[f"{prefix}_high"] for _, row in kept],
            "var(--muted)",
        ),
        "marker": {"symbol": symbol, "size": 10, "color": [colour(row["arm"], arms) for _, row in kept]},
        "text": [
            f"{plain(names[row['design_id']])} against {reference}<br>"
            f"{percent(row[f'{prefix}_difference'])} ({_ends(row, prefix)})<br>"
            f"{row[f'{prefix}_verdict']}, {_p(row, prefix)}"
            for _, row in kept
        ],
    }


def _points(x: list[float], y: list[float], low: list[float], high: list[float], tint: str) -> dict[str, Any]:
    """Points with intervals along x, the intervals in colour ``tint``."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [end - at for end, at in zip(high, x, strict=True)],
            "arrayminus": [at - end for end, at in zip(low, x, strict=True)],
            "color": tint,
            "thickness": 1.5,
            "width": 4,
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def _names_axis(names: Sequence[str]) -> dict[str, Any]:
    """A vertical axis of names, the first at the bottom."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [plain(name) for name in names],
        "range": [-0.6, len(names) - 0.4],
    }


def _ends(row: Row, prefix: str) -> str:
    return interval(row[f"{prefix}_low"], row[f"{prefix}_high"]) or "one seed"


def _per_task(shown: Sequence[Row], names: Names, tables: Tables) -> tuple[Figure, ...]:
    """The gain of each task, for the design to train and the best of each other arm."""
    rows = [row for row in shown if row["arm"] != "single_task"]
    if not rows:
        return ()
    tasks = list(tables.main)[::-1]
    traces = []
    for at, row in enumerate(rows):
        found = [next(task for task in row["tasks"] if task["task"] == name) for name in tasks]
        gains, low, high = ([task[name] for task in found] for name in ("gain", "gain_low", "gain_high"))
        shift = 0.36 - 0.72 * (at + 0.5) / len(rows)
        tint = colour(row["arm"], tables.arms)
        traces.append(
            {
                **_points(gains, [y + shift for y in range(len(tasks))], low, high, tint),
                "marker": {"size": 9 if at == 0 else 7, "color": tint},
                "text": [
                    f"{plain(task['task'])} in {plain(names[row['design_id']])}<br>"
                    f"{percent(task['gain'])} ({_ends(task, 'gain')}), {value(task['value'])}"
                    for task in found
                ],
            }
        )
    layout = {
        "xaxis": {"title": {"text": "gain on test over tuned single task, percent"}, "zeroline": True},
        "yaxis": _names_axis(tasks),
    }
    note = "Means with intervals over new seeds. A good mean can hide a task that pays for the others."
    legend = [(names[row["design_id"]], colour(row["arm"], tables.arms), "dot") for row in rows]
    drawing = panel(traces, layout, height=70 + (14 * len(rows) + 18) * len(tasks))
    return (figure("tasks", "Task by task", note, drawing, legend=legend),)


def _p(row: Row, prefix: str) -> str:
    """The p of a comparison, with what corrects it."""
    how = "primary" if row["chosen"] else "secondary, corrected"
    return f"p = {row[f'{prefix}_p_corrected']:.2g} ({how})"


def _row(row: Row, names: Names) -> tuple[str, ...]:
    """A design in the table."""
    said = [row[f"{prefix}_verdict"] for prefix in ("vs_single_task", "vs_reference")]
    return (
        f"{names[row['design_id']]}{' (recommended, primary)' if row['chosen'] else ''}",
        row["verdict"] if isinstance(row["verdict"], str) else "–",
        percent(row["delta_m"]),
        _ends(row, "delta_m"),
        *(verdict if isinstance(verdict, str) else "–" for verdict in said),
        percent(row["vs_single_task_smallest"]).lstrip("+"),
        _parts(row),
        f"{counted(row['arm_trials'], 'trial')}, {duration(row['arm_device_seconds'])}"
        if row["arm_trials"]
        else "–",
    )


def _parts(row: Row) -> str:
    if not math.isfinite(row["gain_of_sharing"]):
        return "–"
    return f"{percent(row['gain_of_tuning'])}, {percent(row['gain_of_sharing'])}"


def _task_row(task: str, shown: Sequence[Row], tables: Tables) -> tuple[str, ...]:
    """A task's value on test in each design."""
    metric = tables.tasks.set_index("task")["metric"][task]
    found = [next(t for t in row["tasks"] if t["task"] == task) for row in shown]
    weight = task_weights(tables.tasks)[task]
    name = task if weight == 1 else f"{task} (weight {weight:g})"
    return (name, metric, *(f"{value(t['value'])} ({percent(t['gain'])})" for t in found))
