"""What to train and why, in sentences: the same for the terminal, the page and readers of the tables.

The first sentence is the advice with its cost, those after it have the reason and the numbers. The advice is
the recommended design, which was decided on valid as the smallest that is not shown to be worse than the
best: that no difference to single tasks is shown on test is no reason against it. It changes only if test
shows it to be worse than a reference, or shows that sharing costs: then another design is advised, which is
in the tables too (`advised`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_reasons import (
    SINGLE,
    better_than_single,
    boosted_trees,
    equal_budget,
    linear_networks,
    no_difference,
    on_valid,
    parts,
    sharing_is_shown,
    sharing_nothing,
    why_chosen,
)
from mtl_search.analysis.verdict_words import ARM_WORDS, alone, amount, arm_words, ends, train, what
from mtl_search.arm_names import LINEAR, SINGLE_TASK
from mtl_search.records import DesignRecord, SummaryRecord

__all__ = ["ARM_WORDS", "advised", "provisional_sentences", "recommended", "verdict_sentences"]

AnyDesign = TypeVar("AnyDesign", DesignRecord, SummaryRecord)


def recommended(designs: Sequence[AnyDesign]) -> AnyDesign | None:
    """The recommended one of ``designs``; None if it is not there."""
    return next((design for design in designs if design.chosen), None)


@dataclass(frozen=True, slots=True)
class _Advice:
    """The design to train, and the sentences that say so."""

    design: DesignRecord
    sentences: tuple[str, ...]


def verdict_sentences(designs: Sequence[DesignRecord], summary: Sequence[SummaryRecord]) -> list[str]:
    """What to train, then why, then what is provisional; empty if there is no design."""
    advice = _advice(designs, summary)
    return [] if advice is None else list(advice.sentences)


def advised(designs: Sequence[DesignRecord], summary: Sequence[SummaryRecord]) -> DesignRecord | None:
    """The design that the first of `verdict_sentences` says to train: the recommended one, unless test
    speaks against it. None if there is no design."""
    advice = _advice(designs, summary)
    return None if advice is None else advice.design


def _advice(designs: Sequence[DesignRecord], summary: Sequence[SummaryRecord]) -> _Advice | None:
    design = recommended(designs)
    if design is None:
        return None
    row = recommended(summary)
    if row is None or row.design_id != design.design_id:
        why = f"{on_valid(design)}; it has no complete training on new seeds, so nothing is shown yet."
        return _Advice(design, (f"{train(design)}.", f"It is {why}"))
    said = _judged(design, row, designs, summary)
    sentences = [*said.sentences, *equal_budget(row, summary), *linear_networks(row, summary)]
    sentences += boosted_trees(row, summary)
    if row.alpha < 0.05:
        sentences.append(
            f"Test was read {row.reading} times, so verdicts are at level {row.alpha:g} instead of .05."
        )
    return _Advice(said.design, (*sentences, *provisional_sentences(row)))


def provisional_sentences(row: SummaryRecord) -> list[str]:
    """That more trials of the references could change the verdict, and why, if they could."""
    why = "; ".join(row.provisional)
    return [f"Provisional: more trials of the references could change this ({why})."] if why else []


def _judged(
    design: DesignRecord,
    row: SummaryRecord,
    designs: Sequence[DesignRecord],
    summary: Sequence[SummaryRecord],
) -> _Advice:
    """What to train and why, after the confirmation."""
    said = row.vs_single_task.verdict
    single = next((one for one in designs if SINGLE_TASK in one.arms), design)
    if SINGLE_TASK in row.arms:
        return _train(design, "No design with sharing was shown to be better on validation data.")
    if said is None:
        why = f"It is {on_valid(design)}."
        return _train(design, why, f"No {SINGLE} were confirmed to compare it with.")
    if said == Verdict.WORSE:
        which = "linear networks" if LINEAR in row.arms else what(design)
        against = f"did worse on test than {SINGLE} ({ends(row.vs_single_task)})."
        return _train(single, f"{_capital(which)}, which validation data favoured, {against}", *parts(row))
    if alone(row):
        return _train(design, *sharing_nothing(design, row))
    if sharing_is_shown(row) and row.gain_of_sharing.difference < 0:
        return _sharing_costs(design, row, designs, single)
    if row.vs_reference.verdict == Verdict.WORSE:
        of_arm = [one for one in designs if row.reference in one.arms]
        other = min(of_arm, key=lambda one: one.n_networks, default=design)
        worse = f"{_capital(what(design))}, which validation data favoured, did worse on test"
        return _train(other, f"{worse} than {arm_words(row.reference)} ({ends(row.vs_reference)}).")
    if said == Verdict.BETTER:
        return _train(design, *why_chosen(design, row, designs, summary)[:-1], *better_than_single(row))
    return _train(design, *why_chosen(design, row, designs, summary), *no_difference(row, summary))


def _train(design: DesignRecord, *why: str) -> _Advice:
    return _Advice(design, (f"{train(design)}.", *why))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sharing_costs(
    design: DesignRecord, row: SummaryRecord, designs: Sequence[DesignRecord], single: DesignRecord
) -> _Advice:
    """Of a design whose tasks do better alone with the same hyperparameters: its control is the advice, or
    single tasks where these are as good."""
    control = next((one for one in designs if one.design_id == row.control), single)
    tuned = row.gain_of_tuning.difference > 0
    size = f" ({amount((control if tuned else single).n_params)} parameters)"
    how = ", with the hyperparameters that the search found" if tuned else ""
    return _Advice(
        control if tuned else single,
        (
            f"Train each task alone{how}{size}.",
            f"Sharing costs {ends(row.gain_of_sharing, size=True)}: over {SINGLE}, {what(design)} gains "
            f"{ends(row.vs_single_task)} on test; with its hyperparameters each task alone gains "
            f"{ends(row.gain_of_tuning)}.",
        ),
    )
