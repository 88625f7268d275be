"""Fourth section: what does it cost?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mtl_search.analysis.pareto import COSTS, pareto_front
from mtl_search.records import DesignRecord
from mtl_search.report.figures import Figure, Panel, colour, figure, panel
from mtl_search.report.tables import Tables
from mtl_search.report.words import amount, arm_name, design_names, duration, gain, plain

__all__ = ["Costs", "costs"]

Names = Mapping[str, str]  # by design_id

_NAMES = {"n_networks": "networks", "n_params": "parameters", "flops": "operations a row"}


@dataclass(frozen=True, slots=True)
class Costs:
    """What a better delta_m costs: figures and the table of designs."""

    figures: tuple[Figure, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def costs(tables: Tables) -> Costs | None:
    """The fronts, None if nothing was composed."""
    if not any(math.isfinite(design.delta_m) for design in tables.designs):
        return None
    designs = sorted(tables.designs, key=lambda design: not design.chosen)
    names = design_names(designs)
    legend = [(arm_name(arm), colour(arm, tables.arms), "dot") for arm in tables.arms]
    legend += [("on validation", "var(--muted)", "ring"), ("best at its cost", "var(--muted)", "line")]
    note = (
        "Rings are on validation, where designs are chosen; dots on test, over new seeds, with their "
        "intervals. What lies below the line costs as much for less."
    )
    panels = [_front(cost, designs, names, tables) for cost in COSTS]
    return Costs(
        figures=(figure("front", "What a better delta_m costs", note, *panels, legend=legend),),
        columns=("design", "parameters", "operations a row", "training once", "on validation", "on test"),
        rows=tuple(_row(design, names, tables) for design in designs),
    )


def _front(cost: str, designs: list[DesignRecord], names: Names, tables: Tables) -> Panel:
    """delta_m against one cost."""
    measured = pd.DataFrame(
        {"delta_m": [d.delta_m for d in designs], cost: [getattr(d, cost) for d in designs]}
    )
    on_front = zip(designs, pareto_front(measured, "delta_m", [cost]), strict=True)
    best = sorted((design for design, on in on_front if on), key=lambda design: getattr(design, cost))
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [getattr(design, cost) for design in best],
        "y": [design.delta_m for design in best],
        "line": {"shape": "hv", "color": "var(--muted)", "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }
    confirmed = [(design, row) for design in designs if (row := tables.confirmed(design)) is not None]
    tints = [colour(design.arm, tables.arms) for design, _ in confirmed]
    on_test = {
        **_points(
            cost, [design for design, _ in confirmed], names, [row.delta_m for _, row in confirmed], "test"
        ),
        "marker": {"size": 9, "color": tints},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [row.delta_m_high - row.delta_m for _, row in confirmed],
            "arrayminus": [row.delta_m - row.delta_m_low for _, row in confirmed],
            "color": "var(--muted)",
            "width": 3,
            "thickness": 1.2,
        },
    }
    on_valid = {
        **_points(cost, designs, names, [design.delta_m for design in designs], "validation"),
        "marker": {
            "symbol": "circle-open",
            "size": 9,
            "color": [colour(design.arm, tables.arms) for design in designs],
            "line": {"width": 1.5},
        },
    }
    scale = {"dtick": 1} if cost == "n_networks" else {"type": "log", "exponentformat": "SI", "dtick": "D2"}
    layout = {"xaxis": scale, "yaxis": {"zeroline": True, "ticksuffix": " %"}}
    return panel([line, on_valid, on_test], layout, title=_NAMES[cost], height=320)


def _points(
    cost: str, designs: list[DesignRecord], names: Names, gains: list[float], where: str
) -> dict[str, Any]:
    """Designs at their cost."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [getattr(design, cost) for design in designs],
        "y": gains,
        "text": [
            f"{plain(names[design.design_id])}<br>{gain(measured)} on {where}<br>"
            f"{amount(design.n_params)} parameters, {amount(design.flops)} operations a row"
            for design, measured in zip(designs, gains, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _row(design: DesignRecord, names: Names, tables: Tables) -> tuple[str, ...]:
    tested = tables.confirmed(design)
    return (
        f"{names[design.design_id]}{' (recommended)' if design.chosen else ''}",
        amount(design.n_params),
        amount(design.flops),
        duration(tested.train_seconds) if tested else "–",
        gain(design.delta_m),
        gain(tested.delta_m) if tested else "–",
    )
