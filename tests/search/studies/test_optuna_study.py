"""OptunaStudy: what the log and Optuna's journal hold of it, and what a study opened again knows."""

import json
import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import optuna_dashboard
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import Trial, TrialState

from mtl_search.leaderboard import Leaderboard
from mtl_search.records import EpochReport, MetricKind, TrialRecord
from mtl_search.records import TrialState as Ended
from mtl_search.search.studies.journal import Journal
from mtl_search.search.studies.memory import TOLD, Past, distributions_as_text, recall
from mtl_search.search.studies.optuna_study import OptunaStudy
from mtl_search.sweep.pruners import ASHA, Median, NoPruner, Pruner
from mtl_search.sweep.samplers import TPE, Random, Sampler
from tests.fixtures.boards import TASKS, synthetic_trial

METRICS = {"age": MetricKind("rmse", higher_is_better=False)}


def board_in(path: Path) -> Leaderboard:
    """The leaderboard in folder ``path``, as a process finds it that has just started."""
    if not (path / "trials.log").exists():
        return Leaderboard.create(path, TASKS)
    return Leaderboard(path)


def opened(
    path: Path,
    *,
    name: str = "search",
    sampler: Sampler | None = None,
    pruner: Pruner | None = None,
) -> OptunaStudy:
    """The study as a process finds it that has just started."""
    board, journal = board_in(path), Journal(path / "journal.log")
    past = recall(board, board.records(), METRICS).get(name, Past())
    study = OptunaStudy(board, journal, name, sampler or Random(), pruner or NoPruner(), 9, past, "gain")
    journal.publish()
    return study


def asked(study: OptunaStudy) -> tuple[Trial, str]:
    trial = study.ask()
    trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    trial.suggest_categorical("members.cost", [True, False])
    return trial, study.start(trial)


def epoch(number: int, score: float) -> EpochReport:
    return EpochReport(number, {}, {"age": -score}, {}, score, 0.1)


def trained(study: OptunaStudy, *scores: float) -> tuple[Trial, str]:
    """A trial that was asked and reported its epochs, and is not yet recorded."""
    trial, trial_id = asked(study)
    for number, score in enumerate(scores, 1):
        study.report(trial, epoch(number, score), {"age": score})
    return trial, trial_id


def record_of(trial: Trial, state: Ended, score: float) -> TrialRecord:
    """The record of a trial as the search makes it."""
    scores = trial.study._storage.get_trial(trial._trial_id).intermediate_values
    return synthetic_trial(
        trial.user_attrs["trial_id"],
        members=("age",),
        state=state,
        score=score,
        params={name: json.dumps(value) for name, value in trial.params.items()},
        distributions=distributions_as_text(trial.distributions),
        history=tuple(epoch(number, value) for number, value in scores.items()),
    )


def end(path: Path, study: OptunaStudy, trial: Trial, state: Ended, score: float) -> None:
    """Record a trial, then tell it."""
    board_in(path).record(record_of(trial, state, score))
    study.tell(trial, TOLD[state], record_of(trial, state, score))


def in_journal(path: Path, name: str = "search") -> list[optuna.trial.FrozenTrial]:
    """The trials as any tool that reads Optuna's journals sees them."""
    storage = JournalStorage(JournalFileBackend(str(path / "journal.log")))
    return optuna.load_study(study_name=name, storage=storage).get_trials(deepcopy=False)


# what log and journal hold


def test_a_trial_is_in_the_log_whole_when_it_starts(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, trial_id = asked(study)
    (start,) = Leaderboard(tmp_path).starts()
    assert (start.trial_id, start.study, start.params) == (trial_id, "search", trial.params)
    assert start.distributions == distributions_as_text(trial.distributions)
    assert trial_id == "search-0000"


def test_a_trial_is_in_the_journal_when_it_starts(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, trial_id = asked(study)
    (found,) = in_journal(tmp_path)
    assert (found.state, found.params) == (TrialState.RUNNING, trial.params)
    assert found.user_attrs["trial_id"] == trial_id


def test_a_trial_that_was_only_asked_is_not(tmp_path: Path) -> None:
    study = opened(tmp_path)
    study.ask()
    assert in_journal(tmp_path) == []
    assert Leaderboard(tmp_path).starts() == []


@pytest.mark.parametrize("state", Ended)
@pytest.mark.parametrize("again", [False, True], ids=["as it ended", "opened again"])
def test_an_ended_trial_has_its_learning_curve_in_the_journal(
    tmp_path: Path, state: Ended, again: bool
) -> None:
    study = opened(tmp_path)
    trial, trial_id = trained(study, 0.1, 0.3)
    assert in_journal(tmp_path)[0].intermediate_values == {1: 0.1, 2: 0.3}, "while it runs"
    end(tmp_path, study, trial, state, math.nan if state is Ended.FAILED else 0.3)
    if again:
        opened(tmp_path)
    (found,) = in_journal(tmp_path)
    assert (found.state, found.value) == (TOLD[state], None if state is Ended.FAILED else 0.3)
    assert found.intermediate_values == {1: 0.1, 2: 0.3}
    attributes = {"trial_id": trial_id, "members": "age", "weighting": "fixed", "gain.age": 1.5}
    assert found.user_attrs.items() >= attributes.items()
    assert found.duration is not None


def test_epochs_that_could_not_stop_a_trial_are_in_the_journal_once_it_ends(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = trained(study, 0.1)
    history = (epoch(1, 0.1), epoch(2, 0.5), epoch(3, math.nan))
    study.tell(trial, TrialState.COMPLETE, replace(record_of(trial, Ended.COMPLETE, 0.5), history=history))
    assert in_journal(tmp_path)[0].intermediate_values == {1: 0.1, 2: 0.5}


def test_a_study_says_what_its_scores_are(tmp_path: Path) -> None:
    opened(tmp_path)
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "journal.log")))
    assert optuna.load_study(study_name="search", storage=storage).metric_names == ["gain"]


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_no_number_is_told_as_failed(tmp_path: Path, score: float) -> None:
    # a NaN told to Optuna leaves a trial that runs for ever
    study = opened(tmp_path)
    trial, _ = trained(study, 0.1)
    study.tell(trial, TrialState.COMPLETE, record_of(trial, Ended.COMPLETE, score))
    assert [t.state for t in in_journal(tmp_path)] == [TrialState.FAIL]
    assert [t.state for t in study.study.trials] == [TrialState.FAIL]
    assert study.n_finished == 1


def test_an_epoch_is_written_to_the_journal_alone_and_waits_for_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = opened(tmp_path)
    trial, _ = asked(study)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(os, "fsync", pytest.fail)
    for number in range(1, 50):
        study.report(trial, epoch(number, 0.5), {"age": 0.5})
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"journal.log"}


def test_studies_of_one_journal_count_apart(tmp_path: Path) -> None:
    board, journal = board_in(tmp_path), Journal(tmp_path / "journal.log")
    ids = []
    for name in ("single_task/cost", "single_task/ill"):
        study = OptunaStudy(board, journal, name, Random(), NoPruner(), 9, Past(), "gain")
        ids += [asked(study)[1] for _ in range(2)]
    assert ids == [
        "single_task.cost-0000",
        "single_task.cost-0001",
        "single_task.ill-0000",
        "single_task.ill-0001",
    ]
    pasts = recall(board, [], METRICS)
    assert {prefix: len(past.interrupted) for prefix, past in pasts.items()} == {
        "single_task.cost": 2,
        "single_task.ill": 2,
    }


# opened again


def test_finished_trials_are_all_there_with_their_scores(tmp_path: Path) -> None:
    first = opened(tmp_path)
    for number in range(5):
        trial, _ = trained(first, 0.1 * number, 0.2 * number)
        end(tmp_path, first, trial, Ended.PRUNED if number == 3 else Ended.COMPLETE, 0.2 * number)
    trial, _ = trained(first)
    end(tmp_path, first, trial, Ended.FAILED, math.nan)
    second = opened(tmp_path)
    assert second.n_finished == 6
    for before, after in zip(first.study.trials, second.study.trials, strict=True):
        assert (after.state, after.params) == (before.state, before.params)
        assert after.distributions == before.distributions
        assert after.value == before.value
        assert after.intermediate_values == before.intermediate_values
        assert after.user_attrs["valid"] == before.user_attrs.get("valid", {})


def test_opening_changes_nothing_that_is_finished(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = trained(study, 0.5)
    end(tmp_path, study, trial, Ended.COMPLETE, 0.5)
    log, before = (tmp_path / "trials.log").read_bytes(), in_journal(tmp_path)
    for _ in range(3):
        opened(tmp_path)
    assert (tmp_path / "trials.log").read_bytes() == log
    assert [(t.state, t.params, t.value) for t in in_journal(tmp_path)] == [
        (t.state, t.params, t.value) for t in before
    ]


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
    assert in_journal(tmp_path) == []


def test_what_waits_when_the_sweep_stops_again_still_waits(tmp_path: Path) -> None:
    study = opened(tmp_path)
    lost = [asked(study)[0].params for _ in range(3)]
    asked(opened(tmp_path))  # one of them starts again, and is interrupted again
    study = opened(tmp_path)
    again = [asked(study)[0].params for _ in range(3)]
    assert sorted(params["lr"] for params in again) == sorted(params["lr"] for params in lost)
    assert not study.has_queue


def test_all_that_ran_at_the_same_time_are_queued(tmp_path: Path) -> None:
    study = opened(tmp_path)
    lost = [asked(study)[0].params for _ in range(3)]
    study = opened(tmp_path)
    assert [asked(study)[0].params for _ in range(3)] == lost


@pytest.mark.parametrize("state", Ended)
def test_recorded_and_not_yet_told_is_told_now(tmp_path: Path, state: Ended) -> None:
    trial, _ = asked(opened(tmp_path))
    board_in(tmp_path).record(record_of(trial, state, math.nan if state == Ended.FAILED else 0.7))
    study = opened(tmp_path)
    (found,) = study.study.trials
    assert (found.state, found.params) == (TOLD[state], trial.params)
    assert found.value == (None if state is Ended.FAILED else 0.7)
    assert [t.state for t in in_journal(tmp_path)] == [TOLD[state]]
    assert study.n_finished == 1
    assert not study.has_queue


def test_recorded_as_complete_without_a_number_is_failed(tmp_path: Path) -> None:
    trial, _ = asked(opened(tmp_path))
    board_in(tmp_path).record(record_of(trial, Ended.COMPLETE, math.nan))
    assert [t.state for t in opened(tmp_path).study.trials] == [TrialState.FAIL]


def test_some_recorded_some_lost(tmp_path: Path) -> None:
    study = opened(tmp_path)
    asked(study)
    told, _ = asked(study)
    board_in(tmp_path).record(record_of(told, Ended.COMPLETE, 0.2))
    study = opened(tmp_path)
    assert [t.params for t in study.study.trials if t.state == TrialState.COMPLETE] == [told.params]
    assert study.has_queue


def test_names_go_on_where_they_stopped(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = asked(study)
    end(tmp_path, study, trial, Ended.COMPLETE, 0.1)
    asked(study)
    assert asked(opened(tmp_path))[1] == "search-0002"


def test_a_resumed_sampler_repeats_no_draw(tmp_path: Path) -> None:
    seen = []
    for _ in range(4):
        study = opened(tmp_path, sampler=TPE(seed=5))
        trial, _ = asked(study)
        seen.append(trial.params["lr"])
        end(tmp_path, study, trial, Ended.COMPLETE, 0.1)
    assert len(set(seen)) == 4


def test_two_studies_draw_differently(tmp_path: Path) -> None:
    drawn = [asked(opened(tmp_path, name=name))[0].params["lr"] for name in ("a", "b")]
    assert drawn[0] != drawn[1]


def test_what_only_the_tables_have_is_known_with_its_parameters(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = trained(study, 0.1, 0.5)
    end(tmp_path, study, trial, Ended.COMPLETE, 0.5)
    board_in(tmp_path).flush()
    (tmp_path / "trials.log").unlink()
    study = OptunaStudy(
        (board := Leaderboard(tmp_path)),
        Journal(tmp_path / "journal.log"),
        "search",
        Random(),
        NoPruner(),
        9,
        recall(board, board.records(), METRICS)["search"],
        "gain",
    )
    (found,) = study.study.trials
    assert (found.params, found.distributions, found.value) == (trial.params, trial.distributions, 0.5)
    assert found.intermediate_values == {1: 0.1, 2: 0.5}
    assert asked(study)[1] == "search-0001"


# the journal is only written


def lost(journal: Path) -> None:
    journal.unlink()


def emptied(journal: Path) -> None:
    journal.write_bytes(b"")


def cut(journal: Path) -> None:
    journal.write_bytes(journal.read_bytes()[:-30])


def garbled(journal: Path) -> None:
    journal.write_bytes(b"\x00{not JSON}\n" + journal.read_bytes()[7:])


def older(journal: Path) -> None:
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:4]))


def locked(journal: Path) -> None:
    journal.with_name("journal.log.lock").symlink_to(journal)


@pytest.mark.parametrize("damage", [lost, emptied, cut, garbled, older, locked])
def test_whatever_happens_to_the_journal_it_is_made_anew(tmp_path: Path, damage: Any) -> None:
    study = opened(tmp_path)
    for score in (0.1, 0.2):
        trial, _ = trained(study, score)
        end(tmp_path, study, trial, Ended.COMPLETE, score)
    asked(study)
    damage(tmp_path / "journal.log")
    study = opened(tmp_path)
    assert [t.value for t in in_journal(tmp_path)] == [0.1, 0.2]
    trial, _ = asked(study)
    end(tmp_path, study, trial, Ended.COMPLETE, 0.3)
    assert [t.value for t in in_journal(tmp_path)] == [0.1, 0.2, 0.3]


def test_what_others_do_to_the_journal_disturbs_no_sweep(tmp_path: Path) -> None:
    study = opened(tmp_path)
    trial, _ = asked(study)
    garbled(tmp_path / "journal.log")
    end(tmp_path, study, trial, Ended.COMPLETE, 0.1)
    assert study.n_finished == 1


# pruning


def test_reports_reach_the_pruner(tmp_path: Path) -> None:
    study = opened(tmp_path, pruner=ASHA(min_epochs=2, reduction_factor=2, startup_trials=0))
    for score in (0.9, 0.8):
        trial, _ = trained(study, score, score)
        end(tmp_path, study, trial, Ended.COMPLETE, score)
    trial, _ = asked(study)
    assert not study.report(trial, epoch(1, 0.1), {"age": 0.1})
    assert study.report(trial, epoch(2, 0.1), {"age": 0.1})


def test_a_score_that_is_no_number_is_not_judged(tmp_path: Path) -> None:
    study = opened(tmp_path, pruner=ASHA(min_epochs=1))
    trial, _ = asked(study)
    assert not study.report(trial, epoch(1, math.nan), {"age": math.nan})
    study.tell(trial, TrialState.FAIL, record_of(trial, Ended.FAILED, math.nan))


@pytest.mark.parametrize(
    "pruner", [ASHA(min_epochs=2, startup_trials=2), Median(min_epochs=2, startup_trials=2)], ids=str
)
def test_a_resumed_pruner_remembers(tmp_path: Path, pruner: Pruner) -> None:
    study = opened(tmp_path, pruner=pruner)
    for score in (0.9, 0.8, 0.7):
        trial, _ = trained(study, score, score)
        end(tmp_path, study, trial, Ended.COMPLETE, score)
    study = opened(tmp_path, pruner=pruner)
    trial, _ = asked(study)
    assert not study.report(trial, epoch(1, 0.1), {"age": 0.1})
    assert study.report(trial, epoch(2, 0.1), {"age": 0.1})


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


# Optuna's dashboard


def page(app: Any, path: str) -> Any:
    """What the dashboard's own interface answers, without a server."""
    status: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "", "wsgi.errors": sys.stderr}
    body = b"".join(app(environ, lambda code, headers, *_: status.append(code)))
    assert status == ["200 OK"], body
    return json.loads(body)


def test_the_dashboard_shows_studies_by_name_with_learning_curves(tmp_path: Path) -> None:
    study = opened(tmp_path, name="single_task/age")
    for scores in ((0.1, 0.3), (0.2,)):
        trial, _ = trained(study, *scores)
        end(tmp_path, study, trial, Ended.COMPLETE, scores[-1])
    app = optuna_dashboard.wsgi(JournalStorage(JournalFileBackend(str(tmp_path / "journal.log"))))
    (found,) = page(app, "/api/studies")["study_summaries"]
    assert found["study_name"] == "single_task/age"
    shown = page(app, f"/api/studies/{found['study_id']}")
    assert shown["objective_names"] == ["gain"]
    assert shown["has_intermediate_values"]
    assert [[value["value"] for value in trial["intermediate_values"]] for trial in shown["trials"]] == [
        [0.1, 0.3], [0.2],
    ]  # fmt: skip
    assert {param["name"] for param in shown["trials"][0]["params"]} == {"lr", "members.cost"}
    assert {"key": "gain.age", "sortable": True} in shown["union_user_attrs"], "it can be plotted"
