"""The numbers that matter, large: primary comparisons, gain of sharing, what the budget bought, size."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.analysis.fairness import arm_costs
from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.significance import verdict
from mtl_search.analysis.verdict_words import arm_words
from mtl_search.report.tables import Tables
from mtl_search.report.words import amount, counted, duration, interval, percent

__all__ = ["Tile", "tiles"]

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that matters, large, under a label, with what it is; ``verdict`` may be empty."""

    label: str
    number: str
    what: str
    details: tuple[str, ...] = ()
    verdict: str = ""


def tiles(design: Row, confirmed: Row | None, tables: Tables) -> tuple[Tile, ...]:
    """The design in numbers: on test, or its gain on valid where there is no confirmation."""
    size = _size(design, tables)
    if confirmed is None:
        what = "over tuned single-task networks"
        caution = "the best of many, so too high"
        return Tile("on validation data", percent(design["delta_m"]), what, (caution,)), size
    shown = (*_primary(confirmed), *_sharing(confirmed), *_own(rows_of(tables.summary), tables))
    return (*shown, size)


def _primary(row: Row) -> list[Tile]:
    """The two comparisons that were decided on before test was read, in their order."""
    found = []
    steps = (
        ("vs_single_task", "single_task", ""),
        ("vs_reference", row["reference"], "the best other reference"),
    )
    for number, (prefix, arm, role) in enumerate(steps, start=1):
        if not isinstance(row[f"{prefix}_verdict"], str):
            continue
        what = f"over {arm_words(arm)}{f', {role}' if role else ''}"
        found.append(
            Tile(
                f"primary comparison {number}",
                percent(row[f"{prefix}_difference"]),
                what,
                _details(row, prefix),
                row[f"{prefix}_verdict"],
            )
        )
    return found


def _sharing(row: Row) -> list[Tile]:
    """What sharing brings, beside tuning."""
    if not isinstance(row["control"], str) or row["control"] == row["design_id"]:
        return []
    said = verdict(row["gain_of_sharing"], row["gain_of_sharing_p"], row["alpha"]).value
    what = "over each task alone with the same hyperparameters"
    details = (*_details(row, "gain_of_sharing"), f"by tuning: {percent(row['gain_of_tuning'])}")
    return [Tile("by sharing", percent(row["gain_of_sharing"]), what, details, said)]


def _own(summary: Sequence[Row], tables: Tables) -> list[Tile]:
    """The best design of the search's own networks: what its budget bought, against that of single tasks."""
    own = [row for row in summary if "search" in row["arms"] and math.isfinite(row["delta_m_valid"])]
    best = max(own, key=lambda row: (row["delta_m_valid"], -row["n_networks"]), default=None)
    if best is None or not isinstance(best["vs_single_task_verdict"], str):
        return []
    costs = arm_costs(tables.trials)
    used = [
        f"{name}: {counted(costs[arm][0], 'trial')}, {duration(costs[arm][1])}"
        for name, arm in (("search", "search"), ("single task", "single_task"))
        if arm in costs
    ]
    same = best["chosen"]
    what = "the search's own networks alone, over tuned single-task networks"
    how = "the recommended design is made of them" if same else "secondary comparison, corrected by Holm"
    number = percent(best["vs_single_task_difference"])
    details = (*_details(best, "vs_single_task"), how, *used)
    return [Tile("for the search's budget", number, what, details, best["vs_single_task_verdict"])]


def _details(row: Row, prefix: str) -> tuple[str, ...]:
    """The interval, where there is one."""
    ends = interval(row[f"{prefix}_low"], row[f"{prefix}_high"])
    return (f"{100 * (1 - row['alpha']):g} % interval {ends}" if ends else "no interval: one seed",)


def _size(design: Row, tables: Tables) -> Tile:
    """How large the design is, against the single-task networks."""
    single = next((row for row in rows_of(tables.designs) if "single_task" in row["arms"]), None)
    times = () if single is None or single["design_id"] == design["design_id"] else (
        f"{design['n_params'] / single['n_params']:.2g} times the single-task networks",
    )  # fmt: skip
    return Tile("size", amount(design["n_params"]), "parameters", times)
