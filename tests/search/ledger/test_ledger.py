"""Ledger: references, gains, what is known, what designs may be composed of."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Metric, Phase, Resample, Split, TrialRecord, TrialState
from mtl_search.search.ledger import Ledger
from tests.fixtures.boards import TASKS, synthetic_trial

METRICS = {"age": TASKS[0].metric, "death": TASKS[1].metric}
NAMES = {"age": "rmse", "death": "auroc", "ward": "accuracy"}
NOW = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Leaderboard.create(tmp_path / "sweep", TASKS), METRICS)


def trial(trial_id: str, arm: str = "search", config: str | None = None, **values: float) -> TrialRecord:
    """A complete trial with these values on valid."""
    return synthetic_trial(
        trial_id,
        arm=arm,
        config_id=config or f"config of {trial_id}",
        members=tuple(values),
        metrics=tuple(Metric(task, Split.VALID, NAMES[task], value) for task, value in values.items()),
    )


def changed(record: TrialRecord, **changes: Any) -> TrialRecord:
    return replace(record, **changes)


def test_references_are_the_best_single_values(ledger: Ledger) -> None:
    for number, (age, death) in enumerate([(12.0, 0.7), (11.0, 0.8), (13.0, 0.75)]):
        ledger.record(trial(f"single_task.age-{number}", "single_task", age=age))
        ledger.record(trial(f"single_task.death-{number}", "single_task", death=death))
    assert ledger.references == {"age": 11.0, "death": 0.8}


@pytest.mark.parametrize(
    "change",
    [
        {"state": TrialState.PRUNED},
        {"state": TrialState.FAILED},
        {"arm": "search"},
        {"phase": Phase.CONFIRMATION},
    ],
    ids=str,
)
def test_only_complete_single_task_trials_of_the_search_are_references(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    board = Leaderboard.create(tmp_path / "sweep", TASKS)
    board.record(changed(trial("single_task.age-0", "single_task", age=12.0), **change))
    assert Ledger(board, METRICS).references == {}


def test_a_value_that_is_no_number_is_no_reference(ledger: Ledger) -> None:
    ledger.record(trial("single_task.age-0", "single_task", age=math.nan))
    assert ledger.references == {}
    ledger.record(trial("single_task.age-1", "single_task", age=12.0))
    ledger.record(trial("single_task.age-2", "single_task", age=math.nan))
    assert ledger.references == {"age": 12.0}


def test_gains_follow_the_references(ledger: Ledger) -> None:
    network = trial("search-0", age=9.0, death=0.84)
    ledger.record(network)
    assert all(math.isnan(gain) for gain in ledger.gains(network).values())
    ledger.record(trial("single_task.age-0", "single_task", age=12.0))
    ledger.record(trial("single_task.death-0", "single_task", death=0.8))
    assert ledger.gains(network) == pytest.approx({"age": 25.0, "death": 5.0})
    ledger.record(trial("single_task.age-1", "single_task", age=10.0))
    assert ledger.gains(network) == pytest.approx({"age": 10.0, "death": 5.0})


def test_affinities_are_kept_of_each_complete_training(ledger: Ledger) -> None:
    for number, state in enumerate((TrialState.COMPLETE, TrialState.FAILED, TrialState.COMPLETE)):
        record = trial(f"shared_equal-{number}", "shared_equal")
        ledger.record(changed(record, state=state, affinities={("age", "death"): float(number)}))
    ledger.record(trial("search-0", age=10.0))
    assert ledger.affinities == [{("age", "death"): 0.0}, {("age", "death"): 2.0}]
    again = Ledger(Leaderboard(str(ledger.board.path)), METRICS)
    assert again.affinities == ledger.affinities


def test_auxiliary_tasks_and_other_metrics_are_no_values(ledger: Ledger) -> None:
    record = changed(
        trial("search-0", age=9.0, ward=0.5),
        metrics=(
            Metric("age", Split.VALID, "rmse", 9.0),
            Metric("age", Split.VALID, "mae", 7.0),
            Metric("age", Split.TRAIN, "rmse", 1.0),
            Metric("ward", Split.VALID, "accuracy", 0.5),
        ),
    )
    assert ledger.values(record) == {"age": 9.0}


def test_it_knows_what_is_on_disk(ledger: Ledger) -> None:
    ledger.record(trial("single_task.age-0", "single_task", age=12.0))
    ledger.record(trial("search-0", age=9.0))
    again = Ledger(Leaderboard(ledger.board.path), METRICS)
    assert [r.trial_id for r in again.records] == ["single_task.age-0", "search-0"]
    assert again.references == ledger.references
    assert again.states == ledger.states
    assert again.gains(again["search-0"]) == {"age": 25.0}


def test_it_records_before_it_learns(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*records: TrialRecord) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(ledger.board, "record", full)
    with pytest.raises(OSError, match="no space"):
        ledger.record(trial("search-0", age=9.0))
    assert ledger.records == []


def test_equal_configurations_are_known_once_trained(ledger: Ledger) -> None:
    assert ledger.known("c") is None
    for number, state in enumerate((TrialState.FAILED, TrialState.PRUNED)):
        ledger.record(changed(trial(f"search-{number}", config="c", age=9.0), state=state))
        assert ledger.known("c") is None, "only a trial that was trained to its end is an answer"
    ledger.record(trial("search-2", config="c", age=9.0))
    ledger.record(trial("search-3", config="c", age=8.0))
    known = ledger.known("c")
    assert known is not None
    assert known.trial_id == "search-2", "the first one"


def test_measurements_are_those_of_the_arms_and_say_what_failed(ledger: Ledger) -> None:
    ledger.record(trial("single_task.age-0", "single_task", age=12.0))
    ledger.record(trial("search-0", age=9.0, death=0.8))
    ledger.record(trial("mine-0", "mine", age=6.0))
    ledger.record(changed(trial("search-1", age=3.0), state=TrialState.PRUNED))
    ledger.record(changed(trial("search-2", age=3.0), state=TrialState.FAILED))
    found = ledger.measurements(("search", "single_task"))
    ledger.record(changed(trial("search-3", age=3.0), state=TrialState.FAILED, lost=True))
    assert ledger.measurements(("search", "single_task")) == found, "what was lost says nothing"
    assert [m.members for m in found] == [("age",), ("age", "death"), ("age",), ("age",)]
    assert [m.failed for m in found] == [False, False, False, True]
    assert [m.gains.get("age") for m in found] == [0.0, 25.0, 75.0, None]


def test_candidates_were_trained_to_their_end(ledger: Ledger) -> None:
    ledger.record(trial("search-0", age=9.0))
    ledger.record(changed(trial("search-1", age=9.0), state=TrialState.PRUNED))
    ledger.record(changed(trial("search-2", age=9.0), state=TrialState.FAILED))
    ledger.record(changed(trial("search-3", age=9.0), duplicate_of="search-0"))
    ledger.record(trial("mine-0", "mine", age=9.0))
    assert [c.key for c in ledger.candidates(("search",))] == ["search-0"]
    assert [c.key for c in ledger.candidates(("search", "mine"))] == ["search-0", "mine-0"]
    assert [c.key for c in ledger.candidates(("search", "mine"), since=1)] == ["mine-0"]


def test_a_network_that_another_arm_trained_is_still_a_candidate(ledger: Ledger) -> None:
    # or an arm whose every network was seen before would have no design
    ledger.record(trial("mine-0", "mine", age=9.0))
    ledger.record(changed(trial("search-0", age=9.0), duplicate_of="mine-0"))
    assert [c.key for c in ledger.candidates(("search",))] == ["search-0"]
    assert [c.key for c in ledger.candidates(("search", "mine"))] == ["mine-0"]


def test_candidates_carry_what_composition_needs(ledger: Ledger) -> None:
    ledger.record(trial("single_task.age-0", "single_task", age=12.0))
    ledger.record(changed(trial("search-0", age=9.0), n_params=70, flops=140))
    (found,) = ledger.candidates(("search",))
    assert (found.gains, found.n_params, found.flops) == ({"age": 25.0}, 70, 140)


def test_time_in_a_slot_is_summed_by_study(ledger: Ledger) -> None:
    for trial_id, seconds in (("single_task.age-0", 3), ("single_task.age-1", 4), ("search-0", 5)):
        record = changed(trial(trial_id, age=9.0), started=NOW, finished=NOW + timedelta(seconds=seconds))
        ledger.record(record)
    assert ledger.timings.by_study == {"single_task.age": 7.0, "search": 5.0}


def test_names_with_hyphens_are_told_apart(ledger: Ledger) -> None:
    record = changed(
        trial("single_task.NR-AR-0007", age=9.0), started=NOW, finished=NOW + timedelta(seconds=2)
    )
    ledger.record(record)
    assert ledger.timings.by_study == {"single_task.NR-AR": 2.0}


def test_states_are_counted_by_arm(ledger: Ledger) -> None:
    ledger.record(trial("search-0", age=9.0))
    ledger.record(changed(trial("search-1", age=9.0), state=TrialState.FAILED))
    ledger.record(trial("mine-0", "mine", age=9.0))
    assert ledger.states["search"] == {"complete": 1, "failed": 1}
    assert ledger.states["mine"] == {"complete": 1}
    assert ledger.states["other"] == {}


def with_resamples(record: TrialRecord, task: str, values: list[float]) -> TrialRecord:
    return replace(
        record, resamples=tuple(Resample(task, group, v, Split.VALID) for group, v in enumerate(values))
    )


def test_a_reference_has_the_error_of_its_units_and_seeds(tmp_path: Path) -> None:
    board = Leaderboard.create(tmp_path / "sweep", TASKS)
    ledger = Ledger(board, METRICS)
    assert math.isnan(ledger.reference_error("age"))
    ledger.record(trial("single_task.age-0", "single_task", "other", age=11.0))
    assert math.isnan(ledger.reference_error("age")), "nothing is known of one training without resamples"
    best = with_resamples(trial("single_task.age-1", "single_task", "best", age=10.0), "age", [9.9, 10.1])
    ledger.record(best)
    assert ledger.reference_error("age") == pytest.approx(math.sqrt(1 * 0.01)), "(G - 1) times the variance"
    again = trial("replication-best-1", "single_task", "best", age=10.4)
    ledger.record(changed(with_resamples(again, "age", [10.3, 10.5]), phase=Phase.REPLICATION, seed=1))
    of_seeds = 0.08 / 2  # the variance of 10.0 and 10.4, of a mean of two
    for known in (ledger, Ledger(board, METRICS)):  # a resume reads it from the tables
        assert known.reference_error("age") == pytest.approx(math.sqrt(0.01 + of_seeds))
        assert known.resampled(best, "age") == {0: 9.9, 1: 10.1}


def resampled(record: TrialRecord, task: str, spread: float) -> TrialRecord:
    """With values on valid without each of 20 groups, whose jackknife has this standard error."""
    value = next(m.value for m in record.metrics if m.task == task)
    signs = [1.0 if group % 2 else -1.0 for group in range(20)]
    step = spread / math.sqrt(19)
    found = [Resample(task, group, value + sign * step, Split.VALID) for group, sign in enumerate(signs)]
    return changed(record, resamples=tuple(found))


@pytest.mark.parametrize(("error", "clear"), [(0.01, True), (0.3, False)])
def test_a_reference_that_cannot_be_told_from_nothing_has_no_gains(
    ledger: Ledger, error: float, clear: bool
) -> None:
    ledger.record(resampled(trial("single_task.death-0", "single_task", death=0.5), "death", error))
    ledger.record(trial("single_task.age-0", "single_task", age=12.0))
    assert ledger.reference_error("death") == pytest.approx(error)
    ledger.record(trial("search-0", age=9.0, death=0.8))
    gains = ledger.gains(ledger["search-0"])
    assert ledger.comparable == (("age", "death") if clear else ("age",))
    assert gains["age"] == 25.0
    assert gains["death"] == pytest.approx(60.0 if clear else math.nan, nan_ok=True)
    assert ledger.references["death"] == 0.5, "what it is stays known"


def test_replicates_may_show_that_a_reference_cannot_be_divided_by(ledger: Ledger) -> None:
    ledger.record(resampled(trial("single_task.death-0", "single_task", "best", death=0.5), "death", 0.01))
    ledger.record(trial("search-0", death=0.8))
    assert ledger.gains(ledger["search-0"])["death"] == pytest.approx(60.0)
    again = resampled(trial("replication-best-1", "single_task", "best", death=-1.0), "death", 0.01)
    ledger.record(changed(again, phase=Phase.REPLICATION, seed=1))
    assert ledger.comparable == ()
    assert math.isnan(ledger.gains(ledger["search-0"])["death"]), (
        "as a resume, which knows nothing else, has it"
    )


def test_the_lower_the_better_is_divided_by_whatever_its_error(ledger: Ledger) -> None:
    ledger.record(resampled(trial("single_task.age-0", "single_task", age=12.0), "age", 9.0))
    assert ledger.yardsticks == {"age": 12.0}
