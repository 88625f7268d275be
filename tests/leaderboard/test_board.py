import dataclasses
import math
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import SCHEMAS, Leaderboard, parts
from mtl_search.records import Metric, Resample, Split
from mtl_search.testing.boards import TASKS, synthetic_trial


@pytest.fixture
def board(tmp_path):
    return Leaderboard.create(tmp_path / "sweep", TASKS)


def ids(board: Leaderboard, arm: str | None = None) -> list[str]:
    return board.trials(arm)["trial_id"].to_pylist()


def test_a_new_board_is_empty_and_knows_its_tasks(board):
    assert all(len(board.frame(table)) == 0 for table in SCHEMAS if table != "tasks")
    assert board.frame("tasks")["task"].tolist() == ["age", "death", "ward"]
    assert board.frame("tasks")["higher_is_better"].tolist() == [False, True, True]


def test_recorded_trials_are_read_back_in_order_and_by_another_object(board):
    metrics = (Metric("age", Split.VALID, "rmse", 12.5, 1.0), Metric("death", Split.VALID, "auroc", 0.8, 2.0))
    arms = {"b": "x", "a": "y", "c": "x"}
    trials = [synthetic_trial(name, arm=arm, metrics=metrics) for name, arm in arms.items()]
    for trial in trials:
        board.record(trial)
    other = Leaderboard(board.path)
    assert other.records() == [dataclasses.replace(trial, history=()) for trial in trials]
    assert ids(other, "x") == ["b", "c"]
    assert ids(other, "nobody's") == []
    assert len(other.metrics()) == 3 * 2
    assert len(other.epochs()) == 3 * 2 * 2


def test_a_trial_without_measurements_is_a_row(board):
    board.record(synthetic_trial("failed", metrics=(), history=()))
    assert ids(board) == ["failed"]
    assert len(board.metrics()) == len(board.epochs()) == 0


def test_recording_twice_is_refused_and_changes_nothing(board):
    board.record(synthetic_trial("a"))
    for again in (board, Leaderboard(board.path)):
        with pytest.raises(ValueError, match="'a' is recorded already"):
            again.record(synthetic_trial("a"))
    assert ids(board) == ["a"]
    assert len(board.metrics()) == 4


def test_trials_recorded_together_are_one_part_and_all_or_none(board):
    board.record(*(synthetic_trial(name) for name in "abc"))
    with pytest.raises(ValueError, match="'e' is recorded already"):
        board.record(synthetic_trial("d"), synthetic_trial("e"), synthetic_trial("e"))
    assert ids(board) == ["a", "b", "c"]
    assert len(list((board.path / "trials").iterdir())) == 2


def test_frames_hold_dicts_for_maps(board):
    board.record(synthetic_trial("a"))
    assert board.frame("trials")["params"][0] == {"optimizer.lr": "0.001", "weighting": "fixed"}
    with pytest.raises(ValueError, match="no table 'trial'"):
        board.frame("trial")


def test_pandas_and_duckdb_read_the_folder(board):
    for name in "abc":
        board.record(synthetic_trial(name))
    folder = board.path / "metrics"
    assert len(pd.read_parquet(folder)) == 12
    query = f"select count(*), max(value) from '{folder}/*.parquet' where metric = 'rmse'"
    assert duckdb.sql(query).fetchall() == [(6, 12.5)]


def test_compacting_leaves_one_file_a_table_and_the_same_rows(board):
    for name in "abc":
        board.record(synthetic_trial(name, resamples=(Resample("age", 0, 1.0),)))
    before = {table: board.frame(table) for table in SCHEMAS}
    board.compact()
    for table in SCHEMAS:
        pd.testing.assert_frame_equal(board.frame(table), before[table])
        assert len(list((board.path / table).iterdir())) == 1
    board.record(synthetic_trial("d"))
    assert ids(board) == ["a", "b", "c", "d"]


def test_compacting_with_references_fills_gains(board):
    metrics = (Metric("age", Split.VALID, "rmse", 9.0), Metric("death", Split.VALID, "auroc", 0.84))
    board.record(synthetic_trial("a", metrics=metrics, mean_gain=math.nan))
    board.compact({"age": 10.0, "death": 0.8})
    assert board.frame("metrics")["gain"].tolist() == pytest.approx([10.0, 5.0])
    assert board.frame("trials")["mean_gain"].tolist() == pytest.approx([7.5])
    assert board.frame("tasks")["reference"].tolist() == pytest.approx([10.0, 0.8, math.nan], nan_ok=True)


def test_designs_and_summary_are_replaced_whole(board):
    row = {"arm": "search", "n_networks": 1, "rank": 1, "text": "age death", "networks": ["a"]}
    board.write_designs([row | {"serves": {"age": "a"}, "gains": {"age": 1.0}, "delta_m": 1.0}] * 2)
    board.write_designs([row | {"serves": {"age": "a", "death": "a"}, "delta_m": 2.0}])
    (design,) = board.frame("designs").to_dict("records")
    assert design["serves"] == {"age": "a", "death": "a"}
    assert design["delta_m"] == 2.0
    board.write_summary([{"arm": "search", "tasks": [{"task": "age", "gain": 1.5}], "caveats": ["few"]}])
    (confirmed,) = board.summary().to_pylist()
    assert confirmed["tasks"][0]["gain"] == 1.5
    assert confirmed["tasks"][0]["verdict"] is None


def test_an_unknown_column_is_refused(board):
    with pytest.raises(ValueError, match="'designs' has no column 'dleta_m'"):
        board.write_designs([{"arm": "search", "dleta_m": 1.0}])


def test_a_second_board_in_the_same_folder_is_refused(board):
    with pytest.raises(LeaderboardError, match="resume it"):
        Leaderboard.create(board.path, TASKS)


def test_a_creation_that_was_stopped_can_be_repeated(tmp_path):
    stopped = mock.patch.object(parts.PartFolder, "create", autospec=True, side_effect=stop_at_trials)
    with stopped, pytest.raises(Stop):
        Leaderboard.create(tmp_path, TASKS)
    with pytest.raises(LeaderboardError, match="one without table 'trials'"):
        Leaderboard(tmp_path)
    assert len(Leaderboard.create(tmp_path, TASKS).tasks()) == 3


class Stop(BaseException):
    """The process is killed here."""


_create = parts.PartFolder.create


def stop_at_trials(folder, rows):
    if folder.table == "trials":
        folder.folder.mkdir()
        raise Stop
    _create(folder, rows)


def foreign_nothing(path):
    pass


def foreign_file(path):
    path.write_text("trials")


def foreign_folder(path):
    (path / "src").mkdir(parents=True)
    (path / "README.md").write_text("another project")


def foreign_trials_folder(path):
    (path / "trials").mkdir(parents=True)
    (path / "trials" / "notes.txt").write_text("not ours")


def foreign_missing_table(path):
    Leaderboard.create(path, TASKS)
    shutil.rmtree(path / "epochs")


@pytest.mark.parametrize(
    "make", [foreign_nothing, foreign_file, foreign_folder, foreign_trials_folder, foreign_missing_table]
)
def test_what_is_no_leaderboard_is_refused_and_left_alone(tmp_path, make):
    path = tmp_path / "folder"
    make(path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LeaderboardError, match="expected the folder of a sweep") as caught:
        Leaderboard(path)
    assert caught.value.place == str(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_part_is_named(board):
    board.record(synthetic_trial("a"))
    part = max((board.path / "metrics").iterdir())
    part.write_bytes(part.read_bytes()[:-20])
    assert ids(board) == ["a"]
    with pytest.raises(LeaderboardError, match=part.name):
        board.metrics()


def test_a_record_that_fails_leaves_nothing(board, monkeypatch):
    board.record(synthetic_trial("a"))
    append = parts.PartFolder.append

    def full(folder, rows):
        if folder.table == "trials":
            raise OSError("no space left")
        return append(folder, rows)

    with monkeypatch.context() as patch:
        patch.setattr(parts.PartFolder, "append", full)
        with pytest.raises(OSError, match="no space"):
            board.record(synthetic_trial("b"))
    assert len(list((board.path / "metrics").iterdir())) == 2  # the empty part and that of trial a
    board.record(synthetic_trial("b"))
    assert ids(board) == ["a", "b"]
    assert len(board.metrics()) == 8


def test_readers_beside_a_writer_see_whole_trials_in_order(board, monkeypatch):
    monkeypatch.setattr(parts, "FAN_IN", 3)
    board.record(synthetic_trial("000"))
    done, counts, problems = threading.Event(), [], []

    def watch():
        reader = Leaderboard(board.path)
        while not done.is_set():
            records = reader.records()
            counts.append(len(records))
            if any(len(record.metrics) != 4 for record in records):
                problems.append("a trial without its metrics")
            if [record.trial_id for record in records] != [f"{i:03}" for i in range(len(records))]:
                problems.append("a trial lost, doubled or out of order")

    watcher = threading.Thread(target=watch)
    watcher.start()
    for i in range(1, 60):
        board.record(synthetic_trial(f"{i:03}"))
    done.set()
    watcher.join()
    assert not problems
    assert counts == sorted(counts)


def test_many_trials_take_little_time_each_and_few_files(board):
    started = time.process_time()
    for i in range(400):
        board.record(synthetic_trial(str(i)))
    assert (time.process_time() - started) / 400 < 0.05  # 0.006 on a quiet core
    assert max(len(list((board.path / table).iterdir())) for table in SCHEMAS) <= 2 * parts.FAN_IN
    started = time.process_time()
    assert len(board.records()) == 400
    assert time.process_time() - started < 5.0


class CrashingDisk:
    """Stops the process at the n-th change to the disk: that one and all later ones do not happen."""

    def __init__(self, changes: int) -> None:
        self.left = changes

    def guard(self, change):
        def guarded(*args, **kwargs):
            if self.left <= 0:
                raise Stop
            self.left -= 1
            return change(*args, **kwargs)

        return guarded

    def patches(self):
        return (
            mock.patch.object(Path, "rename", self.guard(Path.rename)),
            mock.patch.object(Path, "unlink", self.guard(Path.unlink)),
            mock.patch.object(os, "fsync", self.guard(os.fsync)),
            mock.patch.object(pq, "write_table", self.guard(pq.write_table)),
        )


class EveryTrialOnce(RuleBasedStateMachine):
    """Whatever is recorded, compacted, replaced and killed: each committed trial is seen exactly once."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.fan_in = mock.patch.object(parts, "FAN_IN", 3)
        self.fan_in.start()
        self.board = Leaderboard.create(self.folder, TASKS)
        self.committed: list[str] = []

    def teardown(self):
        self.fan_in.stop()
        shutil.rmtree(self.folder)

    def next_trial(self):
        metrics = tuple(Metric("age", Split.VALID, "rmse", float(i)) for i in range(3))
        return synthetic_trial(str(len(self.committed)), metrics=metrics)

    @rule(count=st.integers(1, 5))
    def record(self, count):
        for _ in range(count):
            trial = self.next_trial()
            self.board.record(trial)
            self.committed.append(trial.trial_id)

    @rule()
    def reopen(self):
        self.board = Leaderboard(self.folder)

    @rule()
    def compact(self):
        self.board.compact({"age": 2.0})

    def crash(self, changes, action):
        patches = CrashingDisk(changes).patches()
        for patch in patches:
            patch.start()
        try:
            action()
        except Stop:
            pass
        finally:
            for patch in patches:
                patch.stop()
        self.board = Leaderboard(self.folder)

    @rule(changes=st.integers(0, 16))
    def crash_in_record(self, changes):
        trial = self.next_trial()
        self.crash(changes, lambda: self.board.record(trial))
        if trial.trial_id in ids(self.board):  # the kill came after the commit
            self.committed.append(trial.trial_id)

    @rule(changes=st.integers(0, 30))
    def crash_in_compaction(self, changes):
        self.crash(changes, lambda: self.board.compact({"age": 2.0}))

    @invariant()
    def each_trial_once_and_whole(self):
        reader = Leaderboard(self.folder)
        assert ids(reader) == self.committed
        expected = [(name, float(i)) for name in self.committed for i in range(3)]
        metrics = reader.frame("metrics")
        assert list(zip(metrics["trial_id"], metrics["value"], strict=True)) == expected
        assert len(reader.epochs()) == 4 * len(self.committed)


EveryTrialOnce.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # each step reads and writes real files
)
TestEveryTrialOnce = EveryTrialOnce.TestCase
