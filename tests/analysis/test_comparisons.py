"""What is better than what, and by what: made-up values on test, whose means are known."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mtl_search.analysis import summarise, verdict_sentences
from mtl_search.records import DesignRecord, SummaryRecord
from tests.fixtures.frames import TASKS, design, metrics, trials

SEEDS = range(5)
SINGLE, EQUAL, TUNED, PAIR, OTHER = "single", "equal", "tuned", "pair", "other"


def row(
    arm: str, age: str, death: str, valid: float, *, chosen: bool = False, control: str | None = None
) -> DesignRecord:
    return design(
        arm,
        design_id=f"{age}/{death}",
        chosen=chosen,
        control=control,
        n_networks=len({age, death}),
        configs={"age": age, "death": death},
        delta_m=valid,
    )


def designs(*more: DesignRecord, chosen: DesignRecord) -> list[DesignRecord]:
    """The references, the recommended design, and ``more``."""
    plain = [
        row("single_task", "single age", "single death", 0.0),
        row("shared_equal", "equal", "equal", 0.1),
        row("shared_tuned", "tuned", "tuned", -0.2),
    ]
    return [*plain, chosen, *more]


def summary(
    table: list[DesignRecord], gain: dict[str, float], noise: float = 0.05, reading: int = 1
) -> list[SummaryRecord]:
    """The summary where each configuration has this gain on test, by about ``noise`` percent a seed."""
    configs = sorted({config for one in table for config in one.configs.values()})
    rng = np.random.default_rng(0)
    again, values = [], []
    for config in configs:
        for seed in SEEDS:
            again.append(
                {
                    "trial_id": f"{config}@{seed}",
                    "config_id": config,
                    "seed": seed,
                    "phase": "confirmation",
                    "reading": reading,
                }
            )
            for task, reference, sign in (("age", 10.0, -1), ("death", 0.8, 1)):
                percent = gain.get(config, 0.0) + noise * rng.normal()
                values.append((f"{config}@{seed}", task, "test", reference * (1 + sign * percent / 100), 0.0))
    resamples = pd.DataFrame(columns=["trial_id", "task", "left_out", "value", "split"])
    return summarise(trials(*again), metrics(*values), resamples, table, TASKS)


def shared(control: str = "alone age/alone death") -> DesignRecord:
    return row("pooled", "pair", "pair", 1.0, chosen=True, control=control)


CONTROL = row("control", "alone age", "alone death", math.nan)


def chosen(rows: list[SummaryRecord]) -> SummaryRecord:
    (found,) = [one for one in rows if one.chosen]
    return found


def test_a_gain_of_tuning_alone_is_never_better() -> None:
    """The very same gain without sharing: the search has only found better hyperparameters."""
    table = designs(CONTROL, chosen=shared())
    rows = summary(table, {"pair": 3.0, "alone age": 3.0, "alone death": 3.0})
    found = chosen(rows)
    assert (found.vs_single_task.verdict, found.vs_reference.verdict) == ("better", "better")
    assert found.verdict == "no difference shown"
    assert found.gain_of_tuning.difference == pytest.approx(3.0, abs=0.2)
    assert found.gain_of_sharing.difference == pytest.approx(0.0, abs=0.2)
    assert verdict_sentences(table, rows)[:2] == [
        "Train one network for both tasks (10 parameters).",
        "It is better than tuned single-task networks, though not shown to be so by sharing.",
    ]
    assert "comes from tuning" in verdict_sentences(table, rows)[2]


def test_tasks_that_help_each_other_are_better_by_sharing() -> None:
    table = designs(CONTROL, chosen=shared())
    rows = summary(table, {"pair": 3.0, "alone age": 0.5, "alone death": 0.5})
    found = chosen(rows)
    assert found.verdict == "better"
    assert found.gain_of_sharing.difference == pytest.approx(2.5, abs=0.2)
    assert found.gain_of_sharing.low > 2.0
    assert found.gain_of_tuning.difference + found.gain_of_sharing.difference == pytest.approx(
        found.vs_single_task.difference
    )
    _, why, numbers, other, *_ = verdict_sentences(table, rows)
    assert why.endswith(
        "better than tuned single-task networks, and than each task alone with the same hyperparameters."
    )
    assert numbers.startswith("On test it gains +")
    assert other.startswith("It is also better than one network for all tasks with equal weights (+")


def test_sharing_that_costs_is_worse_though_tuning_gains() -> None:
    table = designs(CONTROL, chosen=shared())
    rows = summary(table, {"pair": 3.0, "alone age": 5.0, "alone death": 5.0})
    found = chosen(rows)
    assert found.vs_single_task.verdict == "better"
    assert found.verdict == "worse"
    train, why = verdict_sentences(table, rows)[:2]
    assert train.startswith("Train each task alone, with the hyperparameters that the search found (")
    assert why.startswith("Sharing costs ")
    assert "with its hyperparameters each task alone gains +" in why


def test_the_primary_comparison_is_not_corrected_for_the_others() -> None:
    many = [row("mine", f"mine {at}", f"mine {at}", 0.1) for at in range(12)]
    lots = summary(designs(CONTROL, *many, chosen=shared()), {"pair": 0.12})
    assert chosen(lots).vs_single_task.p_corrected == chosen(lots).vs_single_task.p
    others = [one for one in lots if one.arm == "mine"]
    assert all(one.vs_single_task.p_corrected > one.vs_single_task.p for one in others)


def test_the_second_step_is_taken_only_after_the_first() -> None:
    """Better than the other reference, which is bad, but not than single tasks: nothing is shown."""
    table = designs(CONTROL, chosen=shared())
    rows = summary(table, {"pair": 0.0, "equal": -4.0, "alone age": -2.0, "alone death": -2.0})
    found = chosen(rows)
    assert found.vs_single_task.verdict == "no difference shown"
    assert found.vs_reference.p < 1e-4
    assert found.vs_reference.p_corrected == 1.0
    assert found.vs_reference.verdict == found.verdict == "no difference shown"


def test_the_other_reference_is_the_best_on_valid_whatever_test_says() -> None:
    table = designs(CONTROL, chosen=shared())
    rows = summary(table, {"tuned": 9.0})
    assert {one.reference for one in rows} == {"shared_equal"}
    assert next(one for one in rows if one.arm == "shared_equal").vs_reference.verdict is None


def test_a_reference_that_is_recommended_is_not_compared_with_itself() -> None:
    equal = row("shared_equal", "equal", "equal", 0.1, chosen=True, control="alone age/alone death")
    table = [row("single_task", "single age", "single death", 0.0), equal, CONTROL]
    rows = summary(table, {"equal": 2.0})
    found = chosen(rows)
    assert found.vs_reference.verdict is None
    assert found.verdict == "better"
    assert "It is itself the best other reference, shared_equal." in verdict_sentences(table, rows)


def test_single_tasks_that_are_recommended_are_not_tested() -> None:
    single = row("single_task", "single age", "single death", 0.3, chosen=True)
    single = replace(single, control=single.design_id)
    table = [single, row("shared_equal", "equal", "equal", 0.1)]
    rows = summary(table, {})
    assert chosen(rows).verdict == "no difference shown"
    assert verdict_sentences(table, rows) == [
        "Train each task alone (10 parameters).",
        "No design with sharing was shown to be better on validation data.",
    ]


def test_a_design_that_shares_nothing_is_never_better_by_sharing() -> None:
    linear = row("linear", "linear age", "linear death", 2.0, chosen=True)
    linear = replace(linear, control=linear.design_id)
    table = designs(chosen=linear)
    rows = summary(table, {"linear age": 3.0, "linear death": 3.0})
    found = chosen(rows)
    assert (found.vs_single_task.verdict, found.verdict) == ("better", "no difference shown")
    assert found.gain_of_sharing.difference == 0.0
    advice, why, *_ = verdict_sentences(table, rows)
    assert advice.startswith("Train each task alone, with a linear network (")
    assert "is better than tuned single-task networks, and no design with sharing" in why


def test_of_a_design_without_its_control_nothing_better_is_said() -> None:
    table = designs(CONTROL, row("search", "other", "other", 0.9), chosen=shared())
    rows = summary(table, {"pair": 3.0, "other": 3.0, "equal": 0.0})
    other = next(one for one in rows if one.arm == "search")
    assert (other.vs_single_task.verdict, other.vs_reference.verdict) == ("better", "better")
    assert other.verdict is None
    lost = summary(designs(chosen=shared()), {"pair": 3.0})
    assert chosen(lost).control is None
    assert chosen(lost).verdict == "no difference shown"
    assert any("has no control" in note for note in chosen(lost).caveats)


def test_worse_is_said_as_well() -> None:
    table = designs(CONTROL, chosen=shared())
    rows = summary(table, {"pair": -3.0})
    assert chosen(rows).verdict == "worse"
    advice, why, *_ = verdict_sentences(table, rows)
    assert advice.startswith("Train each task alone (")
    assert why.startswith("One network for both tasks, which validation data favoured, did worse on test")


def test_a_second_reading_is_judged_at_half_the_level() -> None:
    """A difference whose p lies between both levels is shown by a first reading alone."""
    table = designs(CONTROL, chosen=shared())
    for gain in np.linspace(0.02, 0.2, 40):
        gains = {"pair": gain, "equal": -5.0, "alone age": -5.0, "alone death": -5.0}
        first = chosen(summary(table, gains, reading=1))
        if 0.025 < first.vs_single_task.p < 0.05:
            break
    second_rows = summary(table, gains, reading=2)
    second = chosen(second_rows)
    assert (first.verdict, second.verdict) == ("better", "no difference shown")
    assert second.delta_m_high > first.delta_m_high
    said = verdict_sentences(table, second_rows)
    assert "Test was read 2 times, so verdicts are at level 0.025 instead of .05." in said


def test_without_a_confirmation_nothing_is_claimed() -> None:
    table = designs(CONTROL, chosen=shared())
    advice, caution = verdict_sentences(table, [])
    assert advice == "Train one network for both tasks (10 parameters)."
    assert caution.startswith("It is the best so far on validation data; it has no complete training")
    assert caution.endswith("nothing is shown yet.")
    assert verdict_sentences([], []) == []


def test_a_network_for_each_task_with_the_others_as_members_shares() -> None:
    text = "x serves age: age death / age death; y serves death: age death / age death"
    apart = replace(row("search", "pair", "other", 3.0), text=text)
    rows = summary(designs(CONTROL, apart, chosen=shared()), {"pair": 3.0, "other": 3.0})
    found = next(one for one in rows if one.arm == "search")
    assert found.vs_single_task.verdict == found.vs_reference.verdict == "better"
    assert found.verdict is None, "whether it is so by sharing is not known without a control"
