"""The numbers that matter, large: primary comparisons, gain of sharing, what the budget bought, size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtl_search.analysis.fairness import arm_costs
from mtl_search.analysis.significance import verdict
from mtl_search.analysis.verdict_words import arm_words
from mtl_search.arm_names import SEARCH, SINGLE_TASK
from mtl_search.records import DesignRecord, Difference, SummaryRecord
from mtl_search.report.tables import Tables
from mtl_search.report.words import amount, counted, duration, gain, interval

__all__ = ["Tile", "tiles"]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that matters, large, under a label, with what it is; ``verdict`` may be empty."""

    label: str
    number: str
    what: str
    details: tuple[str, ...] = ()
    verdict: str = ""


def tiles(design: DesignRecord, confirmed: SummaryRecord | None, tables: Tables) -> tuple[Tile, ...]:
    """The design in numbers: on test, or its gain on valid if there is no confirmation."""
    size = _size(design, tables)
    if confirmed is None:
        what = "over tuned single-task networks"
        caution = "the best of many, so too high"
        return Tile("on validation data", gain(design.delta_m), what, (caution,)), size
    shown = (*_primary(confirmed), *_sharing(confirmed), *_own(tables.summary, tables))
    return (*shown, size)


def _primary(row: SummaryRecord) -> list[Tile]:
    """The two comparisons that were decided on before test was read, in their order."""
    shown = []
    steps = (
        (row.vs_single_task, SINGLE_TASK, ""),
        (row.vs_reference, row.reference, "the best other reference"),
    )
    for number, (found, arm, role) in enumerate(steps, start=1):
        if found.verdict is None:
            continue
        what = f"over {arm_words(arm)}{f', {role}' if role else ''}"
        label, details = f"primary comparison {number}", _details(found, row.alpha)
        shown.append(Tile(label, gain(found.difference), what, details, found.verdict))
    return shown


def _sharing(row: SummaryRecord) -> list[Tile]:
    """What sharing brings, apart from tuning."""
    if row.control is None or row.control == row.design_id:
        return []
    said = verdict(row.gain_of_sharing.difference, row.gain_of_sharing.p, row.alpha).value
    what = "over each task alone with the same hyperparameters"
    details = (*_details(row.gain_of_sharing, row.alpha), f"by tuning: {gain(row.gain_of_tuning.difference)}")
    return [Tile("by sharing", gain(row.gain_of_sharing.difference), what, details, said)]


def _own(summary: Sequence[SummaryRecord], tables: Tables) -> list[Tile]:
    """The best design of the search's own networks: what its budget bought, against that of single tasks."""
    own = [row for row in summary if SEARCH in row.arms and math.isfinite(row.delta_m_valid)]
    best = max(own, key=lambda row: (row.delta_m_valid, -row.n_networks), default=None)
    if best is None or best.vs_single_task.verdict is None:
        return []
    costs = arm_costs(tables.trials)
    used = [
        f"{name}: {counted(costs[arm][0], 'trial')}, {duration(costs[arm][1])}"
        for name, arm in (("search", SEARCH), ("single task", SINGLE_TASK))
        if arm in costs
    ]
    same = best.chosen
    what = "the search's own networks alone, over tuned single-task networks"
    how = "the recommended design is made of them" if same else "secondary comparison, corrected by Holm"
    number = gain(best.vs_single_task.difference)
    details = (*_details(best.vs_single_task, best.alpha), how, *used)
    return [Tile("for the search's budget", number, what, details, best.vs_single_task.verdict)]


def _details(found: Difference, alpha: float) -> tuple[str, ...]:
    """The interval, if there is one."""
    ends = interval(found.low, found.high)
    return (f"{100 * (1 - alpha):g} % interval {ends}" if ends else "no interval: one seed",)


def _size(design: DesignRecord, tables: Tables) -> Tile:
    """How large the design is, against the single-task networks."""
    single = next((row for row in tables.designs if SINGLE_TASK in row.arms), None)
    times = () if single is None or single.design_id == design.design_id or not single.n_params else (
        f"{design.n_params / single.n_params:.2g} times the single-task networks",
    )  # fmt: skip
    return Tile("size", amount(design.n_params), "parameters", times)
