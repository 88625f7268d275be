"""What the sentences advise, and that they claim no more than was shown."""

import dataclasses
import math
from typing import Any

import pytest

from mtl_search.analysis.verdict_text import advised, verdict_sentences
from mtl_search.analysis.verdict_words import together, train, what
from mtl_search.design import Design
from mtl_search.records import DesignRecord, Difference, SummaryRecord
from tests.fixtures.frames import design

NONE = "no difference shown"


Row = tuple[DesignRecord, SummaryRecord]


def part(value: float, *, shown: bool = False, verdict: str | None = None) -> Difference:
    """A difference, its interval a percentage point to both sides, or a tenth where it is shown."""
    reach = 0.1 if shown else 1.0
    p = 0.001 if shown else 0.5
    return Difference(value, value - reach, value + reach, p, p, 1.4 * reach, verdict)


def row(arm: str = "pooled", **changes: Any) -> Row:
    """A confirmed design of one network for five tasks that is not told from single tasks, twice."""
    fields: dict[str, Any] = {
        "design_id": arm,
        "arm": arm,
        "arms": (arm, "search") if arm == "pooled" else (arm,),
        "chosen": arm == "pooled",
        "why": None,
        "n_networks": 1,
        "text": "",
        "networks": (),
        "serves": {},
        "configs": dict.fromkeys("abcde", "one"),
        "gains": {},
        "n_params": 41_500,
        "flops": 0,
        "behind": 0.2,
        "n_seeds": 5,
        "seeds": (),
        "delta_m": 0.16,
        "delta_m_sd": 0.1,
        "delta_m_low": 0.0,
        "delta_m_high": 1.0,
        "delta_m_valid": 0.5,
        "control": "control",
        "alpha": 0.05,
        "reading": 1,
        "reference": "shared_tuned",
        "provisional": (),
        "verdict": NONE,
        "tasks": (),
        "train_seconds": 1.0,
        "arm_trials": 48,
        "arm_device_seconds": 100.0,
        "caveats": (),
        "vs_single_task": part(0.16, verdict=NONE),
        "vs_reference": part(0.1, verdict=NONE),
        "gain_of_tuning": part(0.1),
        "gain_of_sharing": part(0.06),
        "over_recommended": part(0.0),
        **changes,
    }

    def made(kind: Any) -> Any:
        return kind(
            **{field.name: fields[field.name] for field in dataclasses.fields(kind) if field.name in fields}
        )

    return made(DesignRecord), made(SummaryRecord)


SINGLE = row("single_task", n_params=210_000, vs_single_task=part(0.0), configs={c: c for c in "abcde"})


def said(*rows: Row) -> list[str]:
    first, *others = rows
    designs, summary = zip(first, SINGLE, *others, strict=True)
    return verdict_sentences(designs, summary)


def advice(*rows: Row) -> str:
    """The arm of the design that is advised."""
    first, *others = rows
    design = advised(*zip(first, SINGLE, *others, strict=True))
    assert design is not None
    return design.arm


def better(**changes: Any) -> Row:
    plain = {
        "vs_single_task": part(3.0, shown=True, verdict="better"),
        "gain_of_tuning": part(1.0, shown=True),
    }
    return row(**{**plain, **changes})


def test_where_no_difference_is_shown_the_advice_stays() -> None:
    headline, why, numbers, parts = said(row())
    assert headline == "Train one network for all five tasks (41.5 k parameters)."
    assert why == (
        "It is the smallest design that is not shown to be worse than the best on validation data."
    )
    assert numbers == (
        "No difference to tuned single-task networks (210 k parameters) was shown on test "
        "(+0.16 % [-0.84, +1.16]); a true difference of 1.40 % would be shown in four of five such sweeps."
    )
    assert parts.startswith("Tuning brings +0.10 % [-0.90, +1.10], sharing +0.06 %")
    assert advice(row()) == "pooled"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (part(0.16), "Three networks gave +0.16 % [-0.84, +1.16] more on test: not shown."),
        (part(-0.2), "Three networks gave 0.20 % [-0.80, 1.20] less on test: not shown."),
        (part(0.5, shown=True), "Three networks gave +0.50 % [+0.40, +0.60] more on test."),
    ],
)
def test_what_a_larger_design_gave_comes_before_the_reason(found: Difference, sentence: str) -> None:
    larger = row("search", n_networks=3, behind=0.0, over_recommended=found)
    _, why, reason, *_ = said(row(), larger)
    assert why == sentence
    assert reason.startswith("It is the smallest design")
    assert said(better(), larger)[1] == sentence


def test_the_best_on_valid_is_called_so() -> None:
    assert said(row(behind=0.0))[1] == "It is the best on validation data."


def test_worse_than_single_tasks_turns_it() -> None:
    worse = row(vs_single_task=part(-3.0, shown=True, verdict="worse"))
    headline, why, *_ = said(worse)
    assert headline == "Train each task alone (210 k parameters)."
    assert why == (
        "One network for all five tasks, which validation data favoured, did worse on test than tuned "
        "single-task networks (-3.00 % [-3.10, -2.90])."
    )
    assert advice(worse) == "single_task"


@pytest.mark.parametrize("against", [better, row])
def test_sharing_that_costs_turns_it(against: Any) -> None:
    costs = part(-1.0, shown=True)
    control = row("control", n_params=300_000)
    headline, why, *_ = said(against(gain_of_sharing=costs), control)
    assert headline == (
        "Train each task alone, with the hyperparameters that the search found (300 k parameters)."
    )
    assert why.startswith("Sharing costs 1.00 % [0.90, 1.10]: over tuned single-task networks, one network")
    assert advice(against(gain_of_sharing=costs), control) == "control"
    untuned = against(gain_of_sharing=costs, gain_of_tuning=part(-0.5))
    assert said(untuned, control)[0] == "Train each task alone (210 k parameters)."
    assert advice(untuned, control) == "single_task"


def test_sharing_that_may_cost_does_not() -> None:
    assert said(row(gain_of_sharing=part(-1.0)))[0].startswith("Train one network")


def test_a_gain_of_sharing_is_claimed_only_where_it_is_shown() -> None:
    shown = said(better(gain_of_sharing=part(2.0, shown=True)))
    assert shown[1].endswith("networks, and than each task alone with the same hyperparameters.")
    assert "+1.00 % [+0.90, +1.10] comes from tuning, +2.00 % [+1.90, +2.10] from sharing" in shown[2]
    tuned = said(better(gain_of_sharing=part(2.0)))
    assert tuned[1].endswith("networks, though not shown to be so by sharing.")
    unknown = said(better(control=None, gain_of_sharing=part(math.nan)))
    assert unknown[1].endswith("better than tuned single-task networks.")
    assert unknown[2].endswith("is not known.")


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("better", "It is also better than one network for all tasks with tuned weights (+0.10 %"),
        (NONE, "No difference to one network for all tasks with tuned weights (+0.10 %"),
        (None, "It is itself the best other reference, shared_tuned."),
    ],
)
def test_the_other_reference_comes_after(verdict: str | None, sentence: str) -> None:
    arms = ("pooled", "search", "shared_tuned")
    found = said(
        better(gain_of_sharing=part(2.0, shown=True), vs_reference=part(0.1, verdict=verdict), arms=arms)
    )
    assert found[3].startswith(sentence)


def test_a_better_reference_is_the_advice() -> None:
    worse = better(vs_reference=part(-0.5, shown=True, verdict="worse"))
    shared = row("shared_tuned", n_params=13_000)
    headline, why = said(worse, shared)
    assert headline == "Train one network for all five tasks (13 k parameters)."
    assert why == (
        "One network for all five tasks, which validation data favoured, did worse on test than one network "
        "for all tasks with tuned weights (-0.50 % [-0.60, -0.40])."
    )
    assert advice(worse, shared) == "shared_tuned"


def test_nothing_shared_is_alone() -> None:
    linear = row("linear", chosen=True, control="linear", configs={c: c for c in "abcde"}, behind=0.0)
    headline, why, *_ = said(linear)
    assert headline == "Train each task alone, with a linear network (41.5 k parameters)."
    assert why == "Each task alone, with a linear network, is the best on validation data."


def test_tasks_of_own_networks_with_helpers_are_not_alone() -> None:
    helped = row(configs={c: c for c in "abcde"}, n_networks=5)
    assert said(helped)[0] == "Train one network for each of five tasks (41.5 k parameters)."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m serves a: a b / a b; n serves b: a b / a b", "two tasks, helped by others (41.5"),
        ("m serves a: a b / a b; n serves b: b / b", "two tasks, some helped by others (41.5"),
        ("m serves a: a / a; n serves b: b / b", "two tasks (41.5"),
    ],
)
def test_networks_with_helpers_are_told_apart_from_tasks_alone(text: str, said: str) -> None:
    helped = row(configs={"a": "m", "b": "n"}, n_networks=2, text=text)
    assert train(helped[0]).startswith(f"Train one network for each of {said}")


def test_who_is_trained_together_is_not_in_the_headline() -> None:
    groups = row(configs={"a": "x", "b": "y", "c": "x"}, n_networks=2)
    assert said(groups)[0] == "Train two networks for three tasks (41.5 k parameters)."
    assert what(groups[0]) == "two networks for three tasks (a and c; b)"


def test_the_search_alone_is_told_where_other_arms_had_a_part() -> None:
    own = row("search", vs_single_task=part(0.05, verdict=NONE))
    mixed = said(row(arms=("pooled",)), own)
    assert (
        "The search's own networks alone (48 trials, 100 s) gain +0.05 % [-0.95, +1.05] over tuned "
        f"single-task networks (48 trials, 100 s): {NONE} (secondary, corrected by Holm)."
    ) in mixed
    assert not any("own networks" in sentence for sentence in said(row(), own))


def test_linear_networks_that_do_better_are_not_passed_over() -> None:
    linear = row("linear", delta_m=0.3, vs_single_task=part(0.3, verdict=NONE))
    assert any(
        sentence.startswith("Linear networks did better on test: +0.30 %") for sentence in said(row(), linear)
    )
    assert not any(
        "Linear" in sentence
        for sentence in said(row(), row("linear", delta_m=0.1, vs_single_task=part(0.3, verdict=NONE)))
    )


def test_what_is_provisional_comes_last_with_its_reasons() -> None:
    found = said(row(provisional=("fewer than 10 completed trials: linear 4",)))
    assert found[-1].endswith("could change this (fewer than 10 completed trials: linear 4).")


def test_what_was_written_before_power_was_told_has_no_word_on_it() -> None:
    old = dataclasses.replace(part(0.16, verdict=NONE), smallest=math.nan)
    assert said(row(vs_single_task=old))[2].endswith("(+0.16 % [-0.84, +1.16]).")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m serves a: a b / a b", "one network, trained with b"),
        ("m serves a b: a b c / a b c", "one network for both tasks, trained with c"),
        ("m serves a: a b / a b; n serves b: b / b", "two networks for two tasks (a, trained with b; b)"),
        ("m serves a: a / a; n serves b: b / b", "one network for each of two tasks"),
    ],
)
def test_a_network_is_told_with_all_its_members(text: str, said: str) -> None:
    serves = Design.parse(text).serves
    assert what(design("search", text=text, configs=serves)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m serves a: a / a", "a"),
        ("m serves a b: a b / a b", "all tasks together"),
        ("m serves a: a / a; n serves b: b / b", "each task alone"),
        ("m serves a: a b / a b; n serves b: b / b", "a +b | b"),
        ("m serves a b: a b z / a b z", "a b +z"),
        (
            "m serves a b: a b c d z / a b c d z; n serves c: a b c d / a b c d; o serves d: d / d",
            "a b +others +z | c +others | d",
        ),
    ],
)
def test_who_trains_with_whom_in_few_characters(text: str, said: str) -> None:
    serves = Design.parse(text).serves
    assert together(design("search", text=text, configs=serves)) == said
