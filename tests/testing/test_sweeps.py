import dataclasses

import pandas as pd
import pytest

from mtl_search.leaderboard import SCHEMAS
from mtl_search.testing.hospital import HOSPITAL
from mtl_search.testing.sweeps import synthetic_sweep


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    return synthetic_sweep(tmp_path_factory.mktemp("sweep"), trials=30)


def test_every_table_is_filled_and_named_synthetic(board):
    for table in SCHEMAS:
        assert len(board.frame(table)) > 0, table
    assert set(board.frame("trials")["sweep"]) == {"synthetic"}
    assert "made-up" in (board.path / "sweep.yaml").read_text()


def test_a_seed_is_a_sweep(board, tmp_path):
    same = synthetic_sweep(tmp_path / "same", trials=30)
    other = synthetic_sweep(tmp_path / "other", trials=30, seed=1)
    pd.testing.assert_frame_equal(same.frame("trials"), board.frame("trials"))
    assert not other.frame("trials")["score"].equals(board.frame("trials")["score"])


def test_designs_serve_every_main_task_with_networks_that_are_there(board):
    known = set(board.frame("trials")["trial_id"])
    main = set(board.frame("tasks").query("role == 'main'")["task"])
    for design in board.frame("designs").to_dict("records"):
        assert set(design["networks"]) <= known
        assert set(design["serves"]) == main
        assert set(design["serves"].values()) == set(design["networks"])


def test_references_are_the_best_single_task_values(board):
    tasks = board.frame("tasks").set_index("task")
    assert tasks["reference"].notna().all()
    trials = board.frame("trials")
    alone = trials[(trials["arm"] == "single_task") & (trials["state"] == "complete")]["trial_id"]
    valid = board.frame("metrics").query("split == 'valid'")
    gains = valid[valid["trial_id"].isin(alone)].groupby("task")["gain"].max()
    assert gains.tolist() == pytest.approx([0.0] * len(tasks), abs=1e-9)


def test_the_confirmation_repeats_the_designs_networks_on_every_seed(board):
    trials = board.frame("trials").set_index("trial_id")
    again = trials[trials["phase"] == "confirmation"]
    networks = {key for networks in board.frame("designs")["networks"] for key in networks}
    assert set(again["config_id"]) == set(trials.loc[list(networks), "config_id"])
    assert set(again.groupby("config_id").size()) == {5}
    assert set(board.frame("metrics").query("split == 'test'")["trial_id"]) == set(again.index)


def test_resamples_centre_on_the_value(board):
    metrics = board.frame("metrics").query("split == 'test'").set_index(["trial_id", "task"])["value"]
    means = board.frame("resamples").groupby(["trial_id", "task"])["value"].mean()
    assert means.loc[metrics.index].tolist() == pytest.approx(metrics.tolist(), rel=1e-6)


def test_without_a_confirmation_test_is_never_there(tmp_path):
    board = synthetic_sweep(tmp_path, trials=10, confirmed=False)
    assert set(board.frame("trials")["phase"]) == {"search"}
    assert "test" not in set(board.frame("metrics")["split"])
    assert len(board.frame("summary")) == len(board.frame("resamples")) == 0


def test_tasks_may_be_renamed(tmp_path):
    tasks = [dataclasses.replace(task, name=f"<{task.name}>") for task in HOSPITAL]
    board = synthetic_sweep(tmp_path, trials=10, tasks=tasks)
    assert board.frame("tasks")["task"].str.startswith("<").all()


def test_some_trials_fail_and_some_are_stopped(board):
    states = board.frame("trials").groupby("state").size()
    assert {"complete", "failed", "pruned"} == set(states.index)
    assert states["complete"] > states["failed"] + states["pruned"]
