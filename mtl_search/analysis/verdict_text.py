"""What to train and why, in sentences: the same for the terminal, the page and readers of the tables.

The first sentence is the advice with its reason, the second has the numbers. The advice is the recommended
design, which was decided on valid as the smallest that is not shown to be worse than the best: that no
difference to single tasks is shown on test is no reason against it. It changes only if test shows it to be
worse than a reference, or shows that sharing costs.
"""

import math
from collections.abc import Sequence
from typing import TypeVar

from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_words import ARM_WORDS, alone, amount, arm_words, ends, percent, train, what
from mtl_search.arm_names import LINEAR, SEARCH, SINGLE_TASK
from mtl_search.records import DesignRecord, Difference, SummaryRecord

__all__ = ["ARM_WORDS", "provisional_sentences", "recommended", "verdict_sentences"]

AnyDesign = TypeVar("AnyDesign", DesignRecord, SummaryRecord)

_SINGLE = ARM_WORDS[SINGLE_TASK]


def recommended(designs: Sequence[AnyDesign]) -> AnyDesign | None:
    """The recommended one of ``designs``; None if it is not there."""
    return next((design for design in designs if design.chosen), None)


def verdict_sentences(designs: Sequence[DesignRecord], summary: Sequence[SummaryRecord]) -> list[str]:
    """What to train, then why, then what is provisional; empty if there is no design."""
    design = recommended(designs)
    if design is None:
        return []
    row = recommended(summary)
    if row is None or row.design_id != design.design_id:
        return [
            f"{train(design)}: {_on_valid(design)}.",
            "It has no complete training on new seeds, so nothing is shown yet.",
        ]
    sentences = [*_judged(design, row, summary), *_equal_budget(row, summary), *_linear(row, summary)]
    if row.alpha < 0.05:
        sentences.append(
            f"Test was read {row.reading} times, so verdicts are at level {row.alpha:g} instead of .05."
        )
    return sentences + provisional_sentences(row)


def provisional_sentences(row: SummaryRecord) -> list[str]:
    """That more trials of the references could change the verdict, and why, if they could."""
    why = "; ".join(row.provisional)
    return [f"Provisional: more trials of the references could change this ({why})."] if why else []


def _on_valid(design: DesignRecord) -> str:
    """Why a design is recommended."""
    if not math.isfinite(design.behind):
        return "the best so far on validation data"
    if design.behind <= 0:
        return "the best on validation data"
    return "the smallest design that is not shown to be worse than the best"


def _judged(design: DesignRecord, row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
    """What to train and why, after the confirmation."""
    said = row.vs_single_task.verdict
    if SINGLE_TASK in row.arms:
        return ["Train each task alone: no design with sharing was shown to be better on validation data."]
    if said is None:
        return [f"{train(design)}: {_on_valid(design)}.", f"No {_SINGLE} were confirmed to compare it with."]
    if said == Verdict.WORSE:
        which = "linear networks" if LINEAR in row.arms else what(design)
        against = f"{_SINGLE} ({ends(row.vs_single_task)})"
        return [f"Train each task alone: {which} did worse on test than {against}.", *_parts(row)]
    if alone(row):
        return _sharing_nothing(design, row)
    if _sharing_is_shown(row) and row.gain_of_sharing.difference < 0:
        return _sharing_costs(design, row)
    if row.vs_reference.verdict == Verdict.WORSE:
        other = arm_words(row.reference)
        return [
            f"Train {other}: it did better on test than {what(design)}.",
            f"Validation data favoured the latter; its difference on test is {ends(row.vs_reference)}.",
        ]
    if said == Verdict.BETTER:
        return _better_than_single(design, row)
    return [f"{train(design)}: {_on_valid(design)}.", *_no_difference(row, summary)]


def _no_difference(row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
    """Of a design that is neither shown to be better nor worse than ``single_task``."""
    single = next((one for one in summary if SINGLE_TASK in one.arms), None)
    size = f" ({amount(single.n_params)} parameters)" if single else ""
    return [
        f"No difference to {_SINGLE}{size} was shown on test ({ends(row.vs_single_task)})"
        f"{_power(row.vs_single_task)}.",
        *_parts(row),
    ]


def _parts(row: SummaryRecord) -> list[str]:
    """The gain of a design that shares, parted by its control."""
    if alone(row) or not math.isfinite(row.gain_of_sharing.difference):
        return []
    return [
        f"Tuning brings {ends(row.gain_of_tuning)}, sharing {ends(row.gain_of_sharing)} over each task "
        "alone with the same hyperparameters."
    ]


def _sharing_nothing(design: DesignRecord, row: SummaryRecord) -> list[str]:
    """Of a design of networks for one task each, as linear ones."""
    how = "with a linear network" if LINEAR in row.arms else "with what the search found"
    against = f"{_SINGLE} ({ends(row.vs_single_task)})"
    if row.vs_single_task.verdict == Verdict.BETTER:
        return [
            f"Train each task alone, {how}: better than {_SINGLE}, and no design with sharing was shown to "
            "be better still.",
            f"On test it gains {ends(row.vs_single_task)} over them; nothing is shared.",
        ]
    return [
        f"Train each task alone, {how}: {_on_valid(design)}.",
        f"No difference to {against} was shown on test{_power(row.vs_single_task)}.",
    ]


def _sharing_costs(design: DesignRecord, row: SummaryRecord) -> list[str]:
    """Of a design whose tasks do better alone with the same hyperparameters."""
    tuned = ", with the hyperparameters that the search found" if row.gain_of_tuning.difference > 0 else ""
    return [
        f"Train each task alone{tuned}: sharing costs {ends(row.gain_of_sharing, size=True)}.",
        f"Over {_SINGLE}, {what(design)} gains {ends(row.vs_single_task)} on test; with its "
        f"hyperparameters each task alone gains {ends(row.gain_of_tuning)}.",
    ]


def _better_than_single(design: DesignRecord, row: SummaryRecord) -> list[str]:
    """Of a design that is better than ``single_task``: is it so by sharing, and better than the others?"""
    gains = f"On test it gains {ends(row.vs_single_task)} over {_SINGLE}"
    if not math.isfinite(row.gain_of_sharing.difference):
        sentences = [
            f"{train(design)}: better than {_SINGLE}.",
            f"{gains}; how much of that comes from sharing is not known.",
        ]
    else:
        parts = f"{ends(row.gain_of_tuning)} comes from tuning, {ends(row.gain_of_sharing)} from sharing"
        by_sharing = (
            "and than each task alone with the same hyperparameters"
            if _sharing_is_shown(row)
            else "though not shown to be so by sharing"
        )
        sentences = [f"{train(design)}: better than {_SINGLE}, {by_sharing}.", f"{gains}: {parts}."]
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


def _equal_budget(row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
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
        f"{ends(best.vs_single_task)} over {_SINGLE}{used.get(SINGLE_TASK, '')}: "
        f"{best.vs_single_task.verdict} (secondary, corrected by Holm)."
    ]


def _budget(row: SummaryRecord) -> str:
    return f"{row.arm_trials} trials, {row.arm_device_seconds:,.0f} s"


def _linear(row: SummaryRecord, summary: Sequence[SummaryRecord]) -> list[str]:
    """Linear networks, if they do better on test than the recommended design."""
    linear = next((one for one in summary if LINEAR in one.arms), None)
    if linear is None or linear.design_id == row.design_id or not linear.delta_m > row.delta_m:
        return []
    return [
        f"Linear networks did better on test: {ends(linear.vs_single_task)} over {_SINGLE}, "
        f"{linear.vs_single_task.verdict} (secondary, corrected by Holm)."
    ]


def _sharing_is_shown(row: SummaryRecord) -> bool:
    return row.gain_of_sharing.p < row.alpha


def _power(difference: Difference) -> str:
    """How large a difference had to be to be seen, if known."""
    if not math.isfinite(difference.smallest):
        return ""
    smallest = percent(difference.smallest).lstrip("+")
    return f"; a true difference of {smallest} would be shown in four of five such sweeps"
