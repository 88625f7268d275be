"""Second section: is it really better?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.analysis.frames import task_weights
from mtl_search.analysis.verdict_words import arm_words
from mtl_search.arm_names import SINGLE_TASK
from mtl_search.records import Difference, SummaryRecord, TaskResult
from mtl_search.report.ensembles import Ensembles, ensembles_of
from mtl_search.report.figures import Figure, colour, figure, panel
from mtl_search.report.tables import Tables
from mtl_search.report.words import counted, design_names, duration, gain, interval, plain, short, value

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
    "ensemble",
    "budget of its arm",
)

Names = Mapping[str, str]  # by design_id


@dataclass(frozen=True, slots=True)
class Evidence:
    """The confirmed designs against the references, the recommended one first.

    ``ensemble_task_rows`` are the ``task_rows`` of ``ensembles``; both are empty where none is known.
    """

    figures: tuple[Figure, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    task_columns: tuple[str, ...]
    task_rows: tuple[tuple[str, ...], ...]
    ensemble_task_rows: tuple[tuple[str, ...], ...]
    ensembles: Ensembles | None
    caveats: tuple[str, ...]
    provisional: tuple[str, ...]
    primary: bool  # whether the recommended design is among them


def evidence(tables: Tables) -> Evidence | None:
    """What the confirmation shows, None before it."""
    rows = sorted(tables.summary, key=lambda row: not row.chosen)
    if not rows:
        return None
    names = design_names(rows)
    ensembles = ensembles_of(rows, names)
    shown = _one_an_arm(rows, tables.confirmed(tables.advised))
    return Evidence(
        figures=(_forest(rows, names, tables.arms), *_per_task(shown, names, tables)),
        columns=_COLUMNS,
        rows=tuple(_row(row, names) for row in rows),
        task_columns=("task", "metric", *(names[row.design_id] for row in shown)),
        task_rows=_task_rows(shown, tables, _single),
        ensemble_task_rows=_task_rows(shown, tables, _together) if ensembles else (),
        ensembles=ensembles,
        caveats=tuple(rows[0].caveats),
        provisional=tuple(rows[0].provisional),
        primary=bool(rows[0].chosen),
    )


def _one_an_arm(rows: Sequence[SummaryRecord], winner: SummaryRecord | None) -> list[SummaryRecord]:
    """The design to train first, then of each other arm that of the most networks and first rank."""
    best: dict[str, SummaryRecord] = {winner.arm: winner} if winner else {}
    for row in sorted(rows, key=lambda row: (-row.n_networks, -row.delta_m_valid)):
        best.setdefault(row.arm, row)
    return list(best.values())


def _forest(rows: Sequence[SummaryRecord], names: Names, arms: Sequence[str]) -> Figure:
    """Each design's difference to both references, with intervals."""
    other = rows[0].reference
    single, best = arm_words(SINGLE_TASK), arm_words(other) if other else "no other reference"
    traces = [
        _against(rows, names, arms, [row.vs_single_task for row in rows], single, "circle", 0.15),
        _against(rows, names, arms, [row.vs_reference for row in rows], best, "diamond", -0.15),
    ]
    layout = {
        "xaxis": {"title": {"text": "difference on test, percent"}, "zeroline": True},
        "yaxis": _names_axis([names[row.design_id] for row in reversed(rows)]),
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
    rows: Sequence[SummaryRecord],
    names: Names,
    arms: Sequence[str],
    differences: Sequence[Difference],
    reference: str,
    symbol: str,
    shift: float,
) -> dict[str, Any]:
    """The points of one reference; designs are numbered from the bottom."""
    numbered = enumerate(zip(reversed(rows), reversed(differences), strict=True))
    kept = [(y, row, found) for y, (row, found) in numbered if math.isfinite(found.difference)]
    return {
        **_points(
            [found.difference for _, _, found in kept],
            [y + shift for y, _, _ in kept],
            [found.low for _, _, found in kept],
            [found.high for _, _, found in kept],
            "var(--muted)",
        ),
        "marker": {"symbol": symbol, "size": 10, "color": [colour(row.arm, arms) for _, row, _ in kept]},
        "text": [
            f"{plain(names[row.design_id])} against {reference}<br>"
            f"{gain(found.difference)} ({_ends(found.low, found.high)})<br>"
            f"{found.verdict}, {_p(found, primary=row.chosen)}"
            for _, row, found in kept
        ],
    }


def _points(
    x: Sequence[float], y: Sequence[float], low: Sequence[float], high: Sequence[float], tint: str
) -> dict[str, Any]:
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
        "ticktext": [plain(short(name, 44)) for name in names],
        "range": [-0.6, len(names) - 0.4],
    }


def _ends(low: float, high: float) -> str:
    return interval(low, high) or "one seed"


def _per_task(shown: Sequence[SummaryRecord], names: Names, tables: Tables) -> tuple[Figure, ...]:
    """The gain of each task, for the design to train and the best of each other arm."""
    rows = [row for row in shown if row.arm != SINGLE_TASK]
    if not rows:
        return ()
    tasks = list(tables.main)[::-1]
    traces = []
    for at, row in enumerate(rows):
        found = [next(task for task in row.tasks if task.task == name) for name in tasks]
        gains, low, high = zip(*((task.gain, task.gain_low, task.gain_high) for task in found), strict=True)
        shift = 0.36 - 0.72 * (at + 0.5) / len(rows)
        tint = colour(row.arm, tables.arms)
        traces.append(
            {
                **_points(gains, [y + shift for y in range(len(tasks))], low, high, tint),
                "marker": {"size": 9 if at == 0 else 7, "color": tint},
                "text": [
                    f"{plain(task.task)} in {plain(names[row.design_id])}<br>"
                    f"{gain(task.gain)} ({_ends(task.gain_low, task.gain_high)}), {value(task.value)}"
                    for task in found
                ],
            }
        )
    layout = {
        "xaxis": {"title": {"text": "gain on test over tuned single task, percent"}, "zeroline": True},
        "yaxis": _names_axis(tasks),
    }
    note = "Means with intervals over new seeds. A good mean can hide a task that pays for the others."
    legend = [(names[row.design_id], colour(row.arm, tables.arms), "dot") for row in rows]
    drawing = panel(traces, layout, height=70 + (14 * len(rows) + 18) * len(tasks))
    return (figure("tasks", "Task by task", note, drawing, legend=legend),)


def _p(found: Difference, *, primary: bool) -> str:
    """The p of a comparison, with what corrects it."""
    how = "primary" if primary else "secondary, corrected"
    return f"p = {found.p_corrected:.2g} ({how})"


def _row(row: SummaryRecord, names: Names) -> tuple[str, ...]:
    """A design in the table."""
    return (
        f"{names[row.design_id]}{' (recommended, primary)' if row.chosen else ''}",
        row.verdict or "–",
        gain(row.delta_m),
        _ends(row.delta_m_low, row.delta_m_high),
        row.vs_single_task.verdict or "–",
        row.vs_reference.verdict or "–",
        gain(row.vs_single_task.smallest).lstrip("+"),
        _parts(row),
        gain(row.ensemble_delta_m),
        f"{counted(row.arm_trials, 'trial')}, {duration(row.arm_device_seconds)}" if row.arm_trials else "–",
    )


def _parts(row: SummaryRecord) -> str:
    if not math.isfinite(row.gain_of_sharing.difference):
        return "–"
    return f"{gain(row.gain_of_tuning.difference)}, {gain(row.gain_of_sharing.difference)}"


def _task_rows(
    shown: Sequence[SummaryRecord],
    tables: Tables,
    value_and_gain: Callable[[TaskResult], tuple[float, float]],
) -> tuple[tuple[str, ...], ...]:
    """Each task's value on test in each design."""
    metrics, weights = tables.tasks.set_index("task")["metric"], task_weights(tables.tasks)
    rows = []
    for task in tables.main:
        found = [value_and_gain(next(t for t in row.tasks if t.task == task)) for row in shown]
        name = task if weights[task] == 1 else f"{task} (weight {weights[task]:g})"
        cells = [f"{value(reached)} ({gain(gained)})" for reached, gained in found]
        rows.append((name, metrics[task], *cells))
    return tuple(rows)


def _single(task: TaskResult) -> tuple[float, float]:
    return task.value, task.gain


def _together(task: TaskResult) -> tuple[float, float]:
    return task.ensemble_value, task.ensemble_gain
