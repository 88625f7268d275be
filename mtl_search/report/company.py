"""The company of each task in the design to train: what it was estimated to bring, and what it brought.

The heat map of the section "Why?" is an estimate from trials that a sampler chose, the design was chosen by
what its own networks measured. Where the two disagree, the page says so, and that the measurement counts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from mtl_search.analysis.frames import rows_of
from mtl_search.records import DesignRecord, SummaryRecord
from mtl_search.report.tables import Tables
from mtl_search.report.words import counted, gain, interval, listed, points, some

__all__ = ["COLUMNS", "Company", "company", "disagreement", "together"]

_MANY = 7  # tasks: more are not named
_ROUNDED = 0.05  # percentage points: less is shown as none
COLUMNS = ("task", "trained with", "predicted", "measured over each task alone", "gain on test")


@dataclass(frozen=True)
class Company:
    """The estimated effects of companions, as `affinity` gives them."""

    effects: Mapping[tuple[str, str], float]  # by task and companion, in percentage points

    def predicted(self, task: str, companions: Sequence[str]) -> float:
        """What these bring to a task together; NaN if one of them cannot be told."""
        return sum(self.effects.get((task, other), math.nan) for other in companions)

    def brings(self, companion: str, tasks: Sequence[str]) -> float:
        """What a companion brings to these tasks on average, over those where it can be told."""
        known = [self.effects.get((task, companion), math.nan) for task in tasks]
        finite = [effect for effect in known if math.isfinite(effect)]
        return fmean(finite) if finite else math.nan


def company(tables: Tables) -> Company:
    """The estimates from the search's trials."""
    return Company({(row["task"], row["companion"]): row["effect"] for row in rows_of(tables.affinity)})


def companions(design: DesignRecord, tables: Tables) -> dict[str, list[str]]:
    """The other members of the network that serves each task, of tasks that have some."""
    members = {key: sorted(tables.trial(key)["members"]) for key in design.networks}
    found = {
        task: [name for name in members[key] if name != task] for task, key in sorted(design.serves.items())
    }
    return {task: others for task, others in found.items() if others}


def together(
    design: DesignRecord, confirmed: SummaryRecord | None, tables: Tables
) -> tuple[tuple[str, ...], ...]:
    """Each task that is trained with others: predicted against measured, as rows of the page."""
    found = company(tables)
    gains = {row.task: row for row in confirmed.tasks} if confirmed else {}
    rows = []
    for task, others in companions(design, tables).items():
        tested = gains.get(task)
        ends = interval(tested.gain_low, tested.gain_high) if tested else ""
        rows.append(
            (
                task,
                some(others, "other task"),
                points(found.predicted(task, others)),
                points(_of_sharing(task, confirmed, tables)),
                f"{gain(tested.gain)}{f' ({ends})' if ends else ''}" if tested else "–",
            )
        )
    return tuple(rows)


def disagreement(design: DesignRecord, confirmed: SummaryRecord | None, tables: Tables) -> str:
    """Where the design trains a task with what is said to cost it; empty if it does so nowhere."""
    found = company(tables)
    predicted = {task: found.predicted(task, others) for task, others in companions(design, tables).items()}
    costly = [task for task, effect in predicted.items() if effect < -_ROUNDED]
    if not costly:
        return ""
    measured = {task: _of_sharing(task, confirmed, tables) for task in costly}
    held = [task for task, effect in measured.items() if effect < -_ROUNDED]
    known = [task for task, effect in measured.items() if math.isfinite(effect)]
    named = listed(costly) if len(costly) < _MANY else counted(len(costly), "task")
    text = (
        f"The estimates say that its company costs {named}, and the design trains "
        f"{'them' if len(costly) > 1 else 'it'} in that company all the same: it was chosen by what its own "
        "networks gain, which an estimate from other networks cannot overrule."
    )
    if not known:
        return f"{text} What was measured of it is not known before the confirmation."
    of = counted(len(known), "task")
    return f"{text} On test the company cost {len(held) or 'none'} of the {of}."


def _of_sharing(task: str, confirmed: SummaryRecord | None, tables: Tables) -> float:
    """The gain on test over the task alone with the same hyperparameters, in percentage points."""
    control = next((row for row in tables.summary if confirmed and row.design_id == confirmed.control), None)
    if confirmed is None or control is None or control.design_id == confirmed.design_id:
        return math.nan
    with_, without = (
        next((one.gain for one in row.tasks if one.task == task), math.nan) for row in (confirmed, control)
    )
    return with_ - without
