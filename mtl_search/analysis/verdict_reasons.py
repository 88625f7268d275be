"""Why a design is advised: the sentences that follow the advice, with its numbers on test."""

import math
from collections.abc import Sequence

from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_words import (
    ARM_WORDS,
    alone,
    amount,
    arm_words,
    ends,
    listed,
    number,
    percent,
)
from mtl_search.arm_names import LINEAR, SEARCH, SINGLE_TASK, TREES
from mtl_search.records import DesignRecord, Difference, SummaryRecord, TaskResult

__all__ = [
    "SINGLE",
    "better_than_single",
    "boosted_trees",
    "equal_budget",
    "linear_networks",
    "no_difference",
    "on_valid",
    "parts",
    "sharing_is_shown",
    "sharing_nothing",
    "why_chosen",
]

SINGLE = ARM_WORDS[SINGLE_TASK]


def on_valid(design: DesignRecord) -> str:
    """Why a design is recommended."""
    if not math.isfinite(design.behind):
        return "the best so far on validation data"
    if design.behind <= 0:
        return "the best on validation data"
    return "the smallest design that is not shown to be worse than the best on validation data"


def why_chosen(
    design: DesignRecord,
    row: SummaryRecord | None,
    designs: Sequence[DesignRecord],
    summary: Sequence[SummaryRecord],
) -> list[str]:
    """Why it is this one: what the best on valid, which is larger, gained over it on test, if that is known.

    Which one that is was known before test was read, so that the difference stands for itself.
    """
    reason = f"It is {on_valid(design)}."
    known = [one for one in designs if math.isfinite(one.behind)]
    best = min(known, key=lambda one: one.behind, default=design)
    tested = next((one for one in summary if one.design_id == best.design_id), None)
    if row is None or tested is None or best.design_id == design.design_id or not design.behind > 0:
        return [reason]
    found = tested.over_recommended
    if not math.isfinite(found.difference):
        return [reason]
    more = found.difference >= 0
    amount_ = ends(found) if more else ends(found, size=True)
    shown = "" if found.p < row.alpha else ": not shown"
    which = f"{number(best.n_networks).capitalize()} network{'s' if best.n_networks != 1 else ''}"
    return [f"{which} gave {amount_} {'more' if more else 'less'} on test{shown}.", reason]


def no_difference(row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
    """Of a design that is neither shown to be better nor worse than ``single_task``."""
    single = next((one for one in summary if SINGLE_TASK in one.arms), None)
    size = f" ({amount(single.n_params)} parameters)" if single else ""
    return [
        f"No difference to {SINGLE}{size} was shown on test ({ends(row.vs_single_task)})"
        f"{_power(row.vs_single_task)}.",
        *parts(row),
    ]


def parts(row: SummaryRecord) -> list[str]:
    """The gain of a design that shares, parted by its control."""
    if alone(row) or not math.isfinite(row.gain_of_sharing.difference):
        return []
    return [
        f"Tuning brings {ends(row.gain_of_tuning)}, sharing {ends(row.gain_of_sharing)} over each task "
        "alone with the same hyperparameters."
    ]


def sharing_nothing(design: DesignRecord, row: SummaryRecord) -> list[str]:
    """Of a design of networks for one task each, as linear ones."""
    how = "with a linear network" if LINEAR in row.arms else "with what the search found"
    against = f"{SINGLE} ({ends(row.vs_single_task)})"
    if row.vs_single_task.verdict == Verdict.BETTER:
        return [
            f"Each task alone, {how}, is better than {SINGLE}, and no design with sharing was shown to be "
            "better still.",
            f"On test it gains {ends(row.vs_single_task)} over them; nothing is shared.",
        ]
    return [
        f"Each task alone, {how}, is {on_valid(design)}.",
        f"No difference to {against} was shown on test{_power(row.vs_single_task)}.",
    ]


def better_than_single(row: SummaryRecord) -> list[str]:
    """Of a design that is better than ``single_task``: is it so by sharing, and better than the others?"""
    gains = f"On test it gains {ends(row.vs_single_task)} over {SINGLE}"
    if not math.isfinite(row.gain_of_sharing.difference):
        sentences = [
            f"It is better than {SINGLE}.",
            f"{gains}; how much of that comes from sharing is not known.",
        ]
    else:
        parts = f"{ends(row.gain_of_tuning)} comes from tuning, {ends(row.gain_of_sharing)} from sharing"
        by_sharing = (
            "and than each task alone with the same hyperparameters"
            if sharing_is_shown(row)
            else "though not shown to be so by sharing"
        )
        sentences = [f"It is better than {SINGLE}, {by_sharing}.", f"{gains}: {parts}."]
    return [*sentences, *_other_reference(row)]


def _other_reference(row: SummaryRecord) -> list[str]:
    """The second primary comparison."""
    other = arm_words(row.reference)
    if row.vs_reference.verdict == Verdict.BETTER:
        return [f"It is also better than {other} ({ends(row.vs_reference)})."]
    if row.vs_reference.verdict is not None:
        against = f"{other} ({ends(row.vs_reference)})"
        return [f"No difference to {against} was shown{_power(row.vs_reference)}."]
    if row.reference is not None and row.reference in row.arms:
        return [f"It is itself the best other reference, {row.reference}."]
    return []


def equal_budget(row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
    """What the search's own networks gain if the recommended design has those of other arms too: only
    that is a comparison of budgets."""
    if SEARCH in row.arms:
        return []
    own = [one for one in summary if SEARCH in one.arms]
    known = [one for one in own if math.isfinite(one.delta_m_valid)]
    best = max(known, key=lambda one: (one.delta_m_valid, -one.n_networks), default=None)
    if best is None or best.vs_single_task.verdict is None:
        return []
    used = {one.arm: f" ({_budget(one)})" for one in reversed(summary)}
    return [
        f"The search's own networks alone{used.get(SEARCH, '')} gain "
        f"{ends(best.vs_single_task)} over {SINGLE}{used.get(SINGLE_TASK, '')}: "
        f"{best.vs_single_task.verdict} (secondary, corrected by Holm)."
    ]


def _budget(row: SummaryRecord) -> str:
    return f"{row.arm_trials} trials, {row.arm_device_seconds:,.0f} s"


def linear_networks(row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
    """Linear networks, if they do better on test than the recommended design."""
    linear = next((one for one in summary if LINEAR in one.arms), None)
    if linear is None or linear.design_id == row.design_id or not linear.delta_m > row.delta_m:
        return []
    return [
        f"Linear networks did better on test: {ends(linear.vs_single_task)} over {SINGLE}, "
        f"{linear.vs_single_task.verdict} (secondary, corrected by Holm)."
    ]


def boosted_trees(row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
    """What boosted trees do on test, and for which tasks they are better or worse than the recommended
    design; empty if there are none."""
    trees = next((one for one in summary if TREES in one.arms), None)
    if trees is None:
        return []
    said = [f"Boosted trees, tuned as well, gain {ends(trees.vs_single_task)} over {SINGLE}."]
    better = [_by_trees(task) for task in row.tasks if task.vs_trees_verdict == Verdict.WORSE]
    worse = [_by_trees(task) for task in row.tasks if task.vs_trees_verdict == Verdict.BETTER]
    if better:
        said.append(f"They are better than this design for {listed(better)}.")
    if worse:
        said.append(f"They are worse than it for {listed(worse)}.")
    if not better and not worse and row.vs_trees.verdict is not None:
        turned = row.vs_trees
        differ = Difference(-turned.difference, -turned.high, -turned.low)
        said.append(f"For no task are they shown to be better or worse than this design ({ends(differ)}).")
    return said


def _by_trees(task: TaskResult) -> str:
    """A task with what trees gain on the design."""
    return f"{task.task} ({ends(Difference(-task.vs_trees, -task.vs_trees_high, -task.vs_trees_low))})"


def sharing_is_shown(row: SummaryRecord) -> bool:
    """Whether a gain or a cost of sharing is shown."""
    return row.gain_of_sharing.p < row.alpha


def _power(difference: Difference) -> str:
    """How large a difference had to be to be seen, if known."""
    if not math.isfinite(difference.smallest):
        return ""
    smallest = percent(difference.smallest).lstrip("+")
    return f"; a true difference of {smallest} would be shown in four of five such sweeps"
