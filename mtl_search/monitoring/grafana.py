"""The board that comes with the package, as Grafana imports it: JSON, with the data source left to choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

from mtl_search.monitoring.metrics import (
    ASK_SECONDS,
    ASKS,
    BEST_DELTA_M,
    DEVICE_SECONDS,
    EPOCHS,
    ROWS,
    RUNNING,
    TELL_SECONDS,
    TELLS,
    TRIALS,
    WORKER_MEMORY,
    Metric,
)

__all__ = ["board", "is_board"]

UID = "mtl_search"
COLUMNS, HEIGHT = 24, 8  # of Grafana's grid, and of a panel in it
SOURCE = {"type": "prometheus", "uid": "${source}"}


def of(metric: Metric) -> str:
    """A metric of the sweeps that are chosen at the top of the board."""
    return f'{metric.exported}{{sweep=~"$sweep"}}'


def rate(metric: Metric) -> str:
    """Of a counter, a second; over at least four of Prometheus' looks, as Grafana recommends."""
    return f"rate({of(metric)}[$__rate_interval])"


def a_time(seconds: Metric, times: Metric) -> str:
    """The mean of what one took, lately."""
    return f"sum by (sweep) ({rate(seconds)}) / sum by (sweep) ({rate(times)})"


@final
@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: queries by what their lines are called, and the unit by Grafana's name for it."""

    title: str
    queries: Mapping[str, str]
    unit: str = "short"
    width: int = 8
    kind: Literal["timeseries", "stat"] = "timeseries"
    stacked: bool = False

    def drawn(self, number: int, x: int, y: int) -> dict[str, Any]:
        """As JSON, at a place of the grid."""
        stacking = {"custom": {"fillOpacity": 30, "stacking": {"mode": "normal"}}} if self.stacked else {}
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": self.unit, **stacking}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}}
            if self.kind == "timeseries"
            else {"reduceOptions": {"calcs": ["lastNotNull"]}},
            "targets": [
                {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend, "datasource": SOURCE}
                for place, (legend, query) in enumerate(self.queries.items())
            ],
        }


PANELS = (
    Panel(
        "Best design by arm: delta_m on valid",
        {"{{arm}}": f"max by (arm) ({of(BEST_DELTA_M)})"},
        "percent",
        width=12,
    ),
    Panel("Trials that have ended", {"{{state}}": f"sum by (state) ({of(TRIALS)})"}, stacked=True, width=6),
    Panel("Trials in training", {"{{arm}}": f"sum by (arm) ({of(RUNNING)})"}, stacked=True, width=6),
    Panel("Trials by arm", {"{{arm}}, {{state}}": f"sum by (arm, state) ({of(TRIALS)})"}, kind="stat"),
    Panel("Epochs a second", {"{{arm}}": f"sum by (arm) ({rate(EPOCHS)})"}),
    Panel("Rows a second", {"{{arm}}": f"sum by (arm) ({rate(ROWS)})"}),
    Panel("Busy GPUs, or else CPUs, by slot", {"slot {{slot}}": f"sum by (slot) ({rate(DEVICE_SECONDS)})"}),
    Panel("Memory of the workers", {"slot {{slot}}": f"max by (slot) ({of(WORKER_MEMORY)})"}, "bytes"),
    Panel(
        "The driver: time to choose a trial, and to record one",
        {"choose": a_time(ASK_SECONDS, ASKS), "record": a_time(TELL_SECONDS, TELLS)},
        "s",
    ),
)


def board() -> dict[str, Any]:
    """The whole board: its panels in rows, and at its top a choice of the data source and of sweeps."""
    panels, x, y = [], 0, 0
    for number, panel in enumerate(PANELS, 1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        panels.append(panel.drawn(number, x, y))
        x += panel.width
    sweeps = {
        "name": "sweep",
        "type": "query",
        "datasource": SOURCE,
        "query": f"label_values({TRIALS.exported}, sweep)",
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }
    return {
        "uid": UID,
        "title": "mtl_search: sweeps",
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}, sweeps]},
        "panels": panels,
    }


def is_board(value: object) -> bool:
    """Whether that is this board, maybe of another version."""
    return isinstance(value, dict) and value.get("uid") == UID
