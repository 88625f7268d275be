"""Fourth section: what does it cost?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mtl_search.analysis.pareto import COSTS, pareto_front
from mtl_search.arm_names import CONTROL, TREES
from mtl_search.records import DesignRecord
from mtl_search.report.figures import Figure, Panel, colour, figure, panel
from mtl_search.report.scales import log_ticks, lower_edge
from mtl_search.report.tables import Tables
from mtl_search.report.words import (
    MINUS,
    amount,
    arm_name,
    counted,
    design_names,
    duration,
    gain,
    interval,
    plain,
)

__all__ = ["Costs", "costs"]

Names = Mapping[str, str]  # by design_id

_NAMES = {"n_params": "parameters", "n_networks": "networks", "flops": "operations a row"}


@dataclass(frozen=True, slots=True)
class Costs:
    """What a better delta_m costs: a figure and the table of designs."""

    figures: tuple[Figure, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def costs(tables: Tables) -> Costs | None:
    """The fronts, None if nothing was composed."""
    if not any(math.isfinite(design.delta_m) for design in tables.designs):
        return None
    designs = sorted(tables.designs, key=lambda design: not design.chosen)
    names = design_names(designs)
    shown = [design for design in designs if design.arm not in (CONTROL, TREES)]
    there = {design.arm for design in shown}
    legend = [(arm_name(arm), colour(arm, tables.arms), "dot") for arm in tables.arms if arm in there]
    if tables.boosted_trees is not None:
        legend.append((arm_name(TREES), colour(TREES, tables.arms), "line"))
    legend += [("on validation", "var(--muted)", "ring"), ("best at its cost", "var(--muted)", "line")]
    note = (
        "Dots are on test, over new seeds, with their intervals; rings on validation, where designs are "
        "chosen. What lies below the dotted line costs as much for less."
    )
    panels = [_front(cost, shown, names, tables) for cost in _NAMES if cost in COSTS]
    chosen = figure("front", "What a better delta_m costs", note, *panels, legend=legend, choice=True)
    return Costs(
        figures=(chosen,),
        columns=("design", "id", "networks", "parameters", "operations a row", "training once", "on test",
                 "on validation"),
        rows=tuple(_row(design, names, tables) for design in designs),
    )  # fmt: skip


def _front(cost: str, designs: Sequence[DesignRecord], names: Names, tables: Tables) -> Panel:
    """delta_m against one cost."""
    tested = {row.design_id: row for row in tables.summary}
    confirmed = [design for design in designs if design.design_id in tested]
    on_test = [tested[design.design_id].delta_m for design in confirmed]
    edge = lower_edge([*on_test, *(design.delta_m for design in designs)])
    low = [tested[design.design_id].delta_m_low for design in confirmed]
    high = [tested[design.design_id].delta_m_high for design in confirmed]
    traces = [
        _line(cost, designs),
        {
            **_points(cost, designs, names, [design.delta_m for design in designs], "validation", tables),
            "marker": {
                "symbol": "circle-open",
                "size": 9,
                "color": [colour(design.arm, tables.arms) for design in designs],
                "line": {"width": 1.5},
            },
        },
        {
            **_points(cost, confirmed, names, on_test, "test", tables),
            "marker": {
                "size": [13 if design.chosen else 9 for design in confirmed],
                "color": [colour(design.arm, tables.arms) for design in confirmed],
            },
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [end - at for end, at in zip(high, on_test, strict=True)],
                "arrayminus": [at - end for end, at in zip(low, on_test, strict=True)],
                "color": "var(--muted)",
                "width": 3,
                "thickness": 1.2,
            },
        },
    ]
    costs_ = [float(getattr(design, cost)) for design in designs]
    notes = [*_named(cost, designs, names, tables, costs_), *_below(cost, designs, names, tables, edge)]
    axis = {"tickvals": sorted({int(c) for c in costs_})} if cost == "n_networks" else log_ticks(costs_)
    top = max(value for value in (*on_test, *high, *(d.delta_m for d in designs)) if math.isfinite(value))
    room = 0.12 * max(top - edge, 0.1)
    layout = {
        "xaxis": {"title": {"text": _NAMES[cost]}, **axis},
        "yaxis": {"zeroline": True, "ticksuffix": " %", "range": [edge - room, top + 2 * room]},
        "annotations": notes,
        "shapes": _trees(tables),
    }
    return panel(traces, layout, title=f"by {_NAMES[cost]}", height=400)


def _line(cost: str, designs: Sequence[DesignRecord]) -> dict[str, Any]:
    """The front: the best delta_m on valid at each cost."""
    measured = pd.DataFrame(
        {"delta_m": [d.delta_m for d in designs], cost: [getattr(d, cost) for d in designs]}
    )
    on_front = zip(designs, pareto_front(measured, "delta_m", [cost]), strict=True)
    best = sorted((design for design, on in on_front if on), key=lambda design: getattr(design, cost))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [getattr(design, cost) for design in best],
        "y": [design.delta_m for design in best],
        "line": {"shape": "hv", "color": "var(--muted)", "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _points(
    cost: str,
    designs: Sequence[DesignRecord],
    names: Names,
    gains: Sequence[float],
    where: str,
    tables: Tables,
) -> dict[str, Any]:
    """Designs at their cost."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [getattr(design, cost) for design in designs],
        "y": list(gains),
        "text": [
            f"{plain(names[design.design_id])}{', recommended' if design.chosen else ''}<br>"
            f"{gain(measured)}{_ends(design, where, tables)} on {where}<br>"
            f"{counted(design.n_networks, 'network')}, {amount(design.n_params)} parameters, "
            f"{amount(design.flops)} operations a row<br>id {design.design_id}"
            for design, measured in zip(designs, gains, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _ends(design: DesignRecord, where: str, tables: Tables) -> str:
    row = tables.confirmed(design) if where == "test" else None
    ends = interval(row.delta_m_low, row.delta_m_high) if row else ""
    return f" ({ends})" if ends else ""


def _named(
    cost: str, designs: Sequence[DesignRecord], names: Names, tables: Tables, costs_: Sequence[float]
) -> list[dict[str, Any]]:
    """The name of the recommended design at its point."""
    chosen = next((design for design in designs if design.chosen), None)
    if chosen is None:
        return []
    row, at = tables.confirmed(chosen), float(getattr(chosen, cost))
    height = row.delta_m_high if row and math.isfinite(row.delta_m_high) else chosen.delta_m
    log = cost != "n_networks"
    ends = [math.log10(c) if log else c for c in (min(costs_), at, max(costs_)) if c > 0]
    right = len(ends) == 3 and ends[1] - ends[0] > ends[2] - ends[1]
    return [
        {
            "name": "keep",
            "text": f"<b>recommended: {plain(names[chosen.design_id])}</b>",
            "x": math.log10(at) if log else at,
            "y": height,
            "xanchor": "right" if right else "left",
            "yanchor": "bottom",
            "yshift": 2,
            "showarrow": False,
            "font": {"size": 12},
        }
    ]


def _below(
    cost: str, designs: Sequence[DesignRecord], names: Names, tables: Tables, edge: float
) -> list[dict[str, Any]]:
    """Those that lie below the edge of the figure, named at it."""
    notes = []
    for design in designs:
        row = tables.confirmed(design)
        value = row.delta_m if row else design.delta_m
        if value < edge:
            at = float(getattr(design, cost))
            text = f"{plain(names[design.design_id])} {gain(value, 0)} ↓".replace("-", MINUS)
            notes.append(
                {
                    "name": "keep",
                    "text": text,
                    "x": math.log10(at) if cost != "n_networks" else at,
                    "y": 0,
                    "yref": "paper",
                    "xanchor": "auto",
                    "yanchor": "bottom",
                    "showarrow": False,
                    "font": {"size": 11},
                }
            )
    return notes


def _trees(tables: Tables) -> list[dict[str, Any]]:
    """Boosted trees as a line: they have no parameters that could be compared."""
    row = tables.boosted_trees
    if row is None or not math.isfinite(row.delta_m):
        return []
    line = {"color": colour(TREES, tables.arms), "width": 2, "dash": "dash"}
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": row.delta_m,
            "y1": row.delta_m,
            "line": line,
        }
    ]


def _row(design: DesignRecord, names: Names, tables: Tables) -> tuple[str, ...]:
    tested = tables.confirmed(design)
    trees = TREES in design.arms
    return (
        f"{names[design.design_id]}{' (recommended)' if design.chosen else ''}",
        design.design_id,
        "–" if trees else str(design.n_networks),
        "–" if trees else amount(design.n_params),
        "–" if trees else amount(design.flops),
        duration(tested.train_seconds) if tested else "–",
        gain(tested.delta_m) if tested else "–",
        gain(design.delta_m),
    )
