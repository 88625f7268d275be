"""Extending: a sweep that is given more trials or hours, for its search alone or for its references too."""

import math
from collections import Counter
from collections.abc import Sequence

from mtl_search.arm_names import REFERENCE_ARMS, SINGLE_TASK
from mtl_search.errors import SpecError
from mtl_search.records import Phase, TrialRecord
from mtl_search.search.ledger.timings import Timings
from mtl_search.sweep.file import with_budget, with_changes
from mtl_search.sweep.spec import SweepSpec

__all__ = ["check_room", "extended"]


def extended(
    spec: SweepSpec,
    records: Sequence[TrialRecord],
    *,
    trials: int | None = None,
    hours: float | None = None,
    references: bool = False,
) -> SweepSpec:
    """The sweep with a new budget, what it has used included; itself if neither is given.

    The search and the user's own arms get more, which are compared at equal budgets. The reference arms keep
    what they had: their trials, their part of the hours they had, or, if trials take the place of hours or
    the other way round, what they have trained by now. With ``references`` they get more as well: as many
    times the ``reference_trials`` as there are now times the ``trials``, rounded up, or their part of the new
    ``hours``; if trials take the place of hours, ``reference_trials`` as the sweep file says.
    """
    budget = spec.settings.budget
    if trials is not None:
        new = with_changes(spec, trials=trials)
        if budget.trials is None:
            return new if references else with_budget(new, reference_trials=_trained(spec, records))
        times = max(1.0, trials / budget.trials)
        more = math.ceil(budget.reference_trials * times)
        return with_budget(new, reference_trials=more) if references else new
    if hours is not None:
        new = with_changes(spec, hours=hours)
        if references:
            return new
        before = 0.0 if budget.hours is None else budget.hours
        kept = before if budget.reference_hours is None else budget.reference_hours
        return with_budget(new, reference_hours=min(kept, hours))
    return spec


def _trained(spec: SweepSpec, records: Sequence[TrialRecord]) -> int:
    """How many reference trials a task there are by now, in the study that has the fewest."""
    counts: Counter[str] = Counter()
    for record in records:
        if record.phase == Phase.SEARCH and record.arm in REFERENCE_ARMS:
            counts[record.trial_id.rsplit("-", 1)[0]] += 1
    tasks = spec.settings.main_tasks
    alone = [counts[study] for study in counts if study.startswith(f"{SINGLE_TASK}.")]
    shared = [count // len(tasks) for study, count in counts.items() if study in REFERENCE_ARMS]
    return max(1, min([*alone, *shared], default=1))


def check_room(records: Sequence[TrialRecord], hours: float, slots: int) -> None:
    """SpecError if a sweep has used up ``hours``, of ``slots`` places, already."""
    timings = Timings()
    for record in records:
        timings.learn(record)
    used = timings.total / slots / 3600
    if hours <= used:
        hint = "what a sweep has used is part of its hours"
        raise SpecError("--hours", f"more than the {used:.3g} that the sweep has used", f"{hours:g}", hint)
