"""JournalledStudy: what the journal holds after any stop, and what a study opened again knows."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import Trial, TrialState

from mtl_search.records import EpochReport
from mtl_search.search.pruners import ASHA, Median, NoPruner, Pruner
from mtl_search.search.samplers import TPE, Random, Sampler
from mtl_search.search.studies import INTERRUPTED, Journal, JournalledStudy

Recorded = Callable[[str], tuple[TrialState, float] | None]


def nothing(trial_id: str) -> None:
    """No trial was recorded."""


def opened(
    path: Path,
    *,
    name: str = "search",
    recorded: Recorded = nothing,
    sampler: Sampler | None = None,
    pruner: Pruner | None = None,
) -> JournalledStudy:
    """The study as a process finds it that has just started."""
    return JournalledStudy(
        Journal(path / "journal.log"), name, sampler or Random(), pruner or NoPruner(), 9, recorded
    )


def asked(study: JournalledStudy) -> tuple[Trial, str]:
    trial = study.ask()
    trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    trial.suggest_categorical("members.cost", [True, False])
    return trial, study.start(trial)


def epoch(number: int, score: float) -> EpochReport:
    return EpochReport(number, {}, {}, {}, score, 0.1)


def trained(study: JournalledStudy, *scores: float) -> tuple[Trial, str]:
    """A trial that was asked and reported its epochs, and is not yet told."""
    trial, trial_id = asked(study)
    for number, score in enumerate(scores, 1):
        study.report(trial, epoch(number, score), {"cost": score})
    return trial, trial_id


def in_journal(path: Path, name: str = "search") -> list[optuna.trial.FrozenTrial]:
    """The trials as any tool that reads Optuna's journals sees them."""
    storage = JournalStorage(JournalFileBackend(str(path / "journal.log")))
    return optuna.load_study(study_name=name, storage=storage).get_trials(deepcopy=False)


# what the journal holds


def test_a_trial_is_in_the_journal_whole_when_it_starts(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, trial_id = asked(study)
    (found,) = in_journal(tmp_path)
    assert (found.state, found.params) == (TrialState.RUNNING, trial.params)
    assert found.user_attrs["trial_id"] == trial_id == "search-0000"


def test_a_trial_that_was_only_asked_is_not(tmp_path: Path) -> None:
    study = opened(tmp_path)
    study.ask()
    assert in_journal(tmp_path) == []


@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.PRUNED])
def test_a_told_trial_has_its_value_and_its_epochs(tmp_path: Path, state: TrialState) -> None:
    study = opened(tmp_path)
    trial, _ = trained(study, 0.1, 0.3)
    study.tell(trial, state, 0.3)
    (found,) = in_journal(tmp_path)
    assert (found.state, found.value) == (state, 0.3)
    assert found.user_attrs["valid"] == {"cost": [0.1, 0.3]}
    assert found.user_attrs["scores"] == {"1": 0.1, "2": 0.3}


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_no_number_is_told_as_failed(tmp_path: Path, score: float) -> None:
    # a NaN told to Optuna leaves a trial that runs for ever
    study = opened(tmp_path)
    trial, _ = trained(study, 0.1)
    study.tell(trial, TrialState.COMPLETE, score)
    assert [t.state for t in in_journal(tmp_path)] == [TrialState.FAIL]
    assert [t.state for t in study.study.trials] == [TrialState.FAIL]
    assert study.n_finished == 1


def test_an_epoch_writes_nothing(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = asked(study)
    before = (tmp_path / "journal.log").read_bytes()
    for number in range(1, 50):
        study.report(trial, epoch(number, 0.5), {"cost": 0.5})
    assert (tmp_path / "journal.log").read_bytes() == before


def test_studies_of_one_journal_count_apart(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log")
    ids = []
    for name in ("single_task/cost", "single_task/ill"):
        study = JournalledStudy(journal, name, Random(), NoPruner(), 9, nothing)
        ids += [asked(study)[1] for _ in range(2)]
    assert ids == [
        "single_task.cost-0000",
        "single_task.cost-0001",
        "single_task.ill-0000",
        "single_task.ill-0001",
    ]


# opened again


def test_finished_trials_are_all_there_with_their_scores(tmp_path: Path) -> None:
    first = opened(tmp_path)
    for number in range(5):
        trial, _ = trained(first, 0.1 * number, 0.2 * number)
        first.tell(trial, TrialState.PRUNED if number == 3 else TrialState.COMPLETE, 0.2 * number)
    trial, _ = trained(first)
    first.tell(trial, TrialState.FAIL, math.nan)
    second = opened(tmp_path)
    assert second.n_finished == 6
    for before, after in zip(first.study.trials, second.study.trials, strict=True):
        assert (after.state, after.params) == (before.state, before.params)
        assert after.value == before.value
        assert after.intermediate_values == before.intermediate_values
        assert after.user_attrs["valid"] == before.user_attrs.get("valid", {})


def test_opening_changes_nothing_that_is_finished(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = trained(study, 0.5)
    study.tell(trial, TrialState.COMPLETE, 0.5)
    before = in_journal(tmp_path)
    for _ in range(3):
        opened(tmp_path)
    assert in_journal(tmp_path) == before


def test_a_running_trial_that_was_never_recorded_is_queued(tmp_path: Path) -> None:
    lost, lost_id = asked(opened(tmp_path))
    study = opened(tmp_path)
    assert study.n_finished == 0
    assert study.has_queue
    again, again_id = asked(study)
    assert again.params == lost.params
    assert again_id != lost_id, "a name is used once"
    assert not study.has_queue
    assert asked(study)[0].params != lost.params


def test_what_was_lost_counts_as_no_trial(tmp_path: Path) -> None:
    for _ in range(3):
        asked(opened(tmp_path))
    study = opened(tmp_path)
    assert study.n_finished == 0
    assert [t.state for t in study.study.trials] == [TrialState.WAITING]
    assert all(t.user_attrs[INTERRUPTED] for t in in_journal(tmp_path))


def test_all_that_ran_at_the_same_time_are_queued(tmp_path: Path) -> None:
    study = opened(tmp_path)
    lost = [asked(study)[0].params for _ in range(3)]
    study = opened(tmp_path)
    assert [asked(study)[0].params for _ in range(3)] == lost


@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL])
def test_recorded_and_not_yet_told_is_told_now(tmp_path: Path, state: TrialState) -> None:
    trial, trial_id = asked(opened(tmp_path))
    study = opened(tmp_path, recorded={trial_id: (state, 0.7)}.get)
    (found,) = study.study.trials
    assert (found.state, found.params) == (state, trial.params)
    assert found.value == (None if state is TrialState.FAIL else 0.7)
    assert study.n_finished == 1
    assert not study.has_queue


def test_recorded_as_complete_without_a_number_is_failed(tmp_path: Path) -> None:
    _, trial_id = asked(opened(tmp_path))
    study = opened(tmp_path, recorded={trial_id: (TrialState.COMPLETE, math.nan)}.get)
    assert [t.state for t in study.study.trials] == [TrialState.FAIL]


def test_some_recorded_some_lost(tmp_path: Path) -> None:
    study = opened(tmp_path)
    asked(study)
    told, told_id = asked(study)
    study = opened(tmp_path, recorded={told_id: (TrialState.COMPLETE, 0.2)}.get)
    assert [t.params for t in study.study.trials if t.state == TrialState.COMPLETE] == [told.params]
    assert study.has_queue


def test_names_go_on_where_they_stopped(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = asked(study)
    study.tell(trial, TrialState.COMPLETE, 0.1)
    asked(study)
    assert asked(opened(tmp_path))[1] == "search-0002"


def test_a_resumed_sampler_repeats_no_draw(tmp_path: Path) -> None:
    seen = []
    for _ in range(4):
        study = opened(tmp_path, sampler=TPE(seed=5))
        trial, _ = asked(study)
        seen.append(trial.params["lr"])
        study.tell(trial, TrialState.COMPLETE, 0.1)
    assert len(set(seen)) == 4


def test_two_studies_draw_differently(tmp_path: Path) -> None:
    drawn = [asked(opened(tmp_path, name=name))[0].params["lr"] for name in ("a", "b")]
    assert drawn[0] != drawn[1]


# killed while writing


def test_a_line_without_its_end_is_forgotten(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = asked(study)
    study.tell(trial, TrialState.COMPLETE, 0.1)
    journal = tmp_path / "journal.log"
    whole = journal.read_bytes()
    last_line = whole.splitlines(keepends=True)[-1]
    for torn in (b'{"op_code":5,"worker', last_line[:-1], b"{"):
        journal.write_bytes(whole + torn)
        study = opened(tmp_path)
        assert [t.state for t in study.study.trials if t.state.is_finished()] == [TrialState.COMPLETE]
        trial, _ = asked(study)
        study.tell(trial, TrialState.COMPLETE, 0.2)
        assert len(in_journal(tmp_path)) >= 2, "and the journal can be read on"
        for line in journal.read_text().splitlines():
            json.loads(line)


@pytest.mark.parametrize("kept", range(1, 400, 23))
def test_cut_anywhere_it_can_be_resumed(tmp_path: Path, kept: int) -> None:
    study = opened(tmp_path)
    trial, _ = asked(study)
    study.tell(trial, TrialState.COMPLETE, 0.1)
    journal = tmp_path / "journal.log"
    journal.write_bytes(journal.read_bytes()[:kept])
    study = opened(tmp_path)
    trial, _ = asked(study)
    study.tell(trial, TrialState.COMPLETE, 0.2)
    assert TrialState.COMPLETE in [t.state for t in in_journal(tmp_path)]


def test_a_lock_left_behind_is_not_waited_for(tmp_path: Path) -> None:
    study = opened(tmp_path)
    asked(study)
    lock = tmp_path / "journal.log.lock"
    lock.symlink_to(tmp_path / "journal.log")
    opened(tmp_path)
    assert not lock.is_symlink()


# pruning


def test_reports_reach_the_pruner(tmp_path: Path) -> None:
    study = opened(tmp_path, pruner=ASHA(min_epochs=2, reduction_factor=2))
    for score in (0.9, 0.8):
        trial, _ = trained(study, score, score)
        study.tell(trial, TrialState.COMPLETE, score)
    trial, _ = asked(study)
    assert not study.report(trial, epoch(1, 0.1), {"cost": 0.1})
    assert study.report(trial, epoch(2, 0.1), {"cost": 0.1})


def test_a_score_that_is_no_number_is_not_judged(tmp_path: Path) -> None:
    study = opened(tmp_path, pruner=ASHA(min_epochs=1))
    trial, _ = asked(study)
    assert not study.report(trial, epoch(1, math.nan), {"cost": math.nan})
    study.tell(trial, TrialState.FAIL, math.nan)


@pytest.mark.parametrize("pruner", [ASHA(min_epochs=2), Median(min_epochs=2, startup_trials=2)], ids=str)
def test_a_resumed_pruner_remembers(tmp_path: Path, pruner: Pruner) -> None:
    study = opened(tmp_path, pruner=pruner)
    for score in (0.9, 0.8, 0.7):
        trial, _ = trained(study, score, score)
        study.tell(trial, TrialState.COMPLETE, score)
    study = opened(tmp_path, pruner=pruner)
    trial, _ = asked(study)
    assert not study.report(trial, epoch(1, 0.1), {"cost": 0.1})
    assert study.report(trial, epoch(2, 0.1), {"cost": 0.1})


# networks beyond the constraints


def test_a_refused_trial_is_known_to_the_sampler_alone(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial = study.ask()
    trial.suggest_float("lr", 1e-4, 1e-1)
    study.refuse(trial, "n_params", 0.5)
    assert in_journal(tmp_path) == []
    assert study.n_finished == 0
    (known,) = study.study.trials
    assert known.state == TrialState.PRUNED
    assert known.constraints == {"n_params": 0.5}
