import json
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import SCHEMAS, Leaderboard, pace
from mtl_search.leaderboard.log import LOG_VERSION, TrialLog
from mtl_search.leaderboard.rows import trial_rows
from mtl_search.records import Metric, Split
from tests.fixtures.boards import TASKS, synthetic_trial
from tests.fixtures.frames import design


@pytest.fixture
def board(tmp_path: Path) -> Leaderboard:
    return Leaderboard.create(tmp_path / "sweep", TASKS)


def ids(board: Leaderboard, arm: str | None = None) -> list[str]:
    return board.trials(arm)["trial_id"].to_pylist()


def test_a_new_board_is_empty_and_knows_its_tasks(board: Leaderboard) -> None:
    assert {table for table in SCHEMAS if len(board.frame(table))} == {"tasks", "columns"}
    assert board.frame("tasks")["task"].tolist() == ["age", "death", "ward"]
    assert board.frame("tasks")["higher_is_better"].tolist() == [False, True, True]


def test_recorded_trials_are_read_back_in_order_and_by_another_object(board: Leaderboard) -> None:
    metrics = (Metric("age", Split.VALID, "rmse", 12.5, 1.0), Metric("death", Split.VALID, "auroc", 0.8, 2.0))
    arms = {"b": "x", "a": "y", "c": "x"}
    trials = [synthetic_trial(name, arm=arm, metrics=metrics) for name, arm in arms.items()]
    for trial in trials:
        board.record(trial)
    other = Leaderboard(board.path)
    assert other.records() == [replace(trial, history=()) for trial in trials]
    assert ids(other, "x") == ["b", "c"]
    assert ids(other, "nobody's") == []
    assert len(other.metrics()) == 3 * 2
    assert len(other.epochs()) == 3 * 2 * 2


def test_a_trial_without_measurements_is_a_row(board: Leaderboard) -> None:
    board.record(synthetic_trial("failed", metrics=(), history=()))
    assert ids(board) == ["failed"]
    assert len(board.metrics()) == len(board.epochs()) == 0


def test_recording_twice_is_refused_and_changes_nothing(board: Leaderboard) -> None:
    board.record(synthetic_trial("a"))
    for again in (board, Leaderboard(board.path)):
        with pytest.raises(ValueError, match="'a' is recorded already"):
            again.record(synthetic_trial("a"))
    assert ids(board) == ["a"]
    assert len(board.metrics()) == 4


def test_of_trials_recorded_together_none_is_when_one_is_refused(board: Leaderboard) -> None:
    board.record(*(synthetic_trial(name) for name in "abc"))
    with pytest.raises(ValueError, match="'e' is recorded already"):
        board.record(synthetic_trial("d"), synthetic_trial("e"), synthetic_trial("e"))
    assert ids(board) == ["a", "b", "c"]


def test_frames_hold_dicts_for_maps(board: Leaderboard) -> None:
    board.record(synthetic_trial("a"))
    assert board.frame("trials")["params"][0] == {"optimizer.lr": "0.001", "weighting": '"fixed"'}
    with pytest.raises(ValueError, match="no table 'trial'"):
        board.frame("trial")


def test_pandas_and_duckdb_read_the_files(board: Leaderboard) -> None:
    for name in "abc":
        board.record(synthetic_trial(name))
    board.flush()
    file = board.path / "metrics.parquet"
    assert len(pd.read_parquet(file)) == 12
    query = f"select count(*), max(value) from '{file}' where metric = 'rmse'"
    assert duckdb.sql(query).fetchall() == [(6, 12.5)]


def test_strays_beside_the_tables_disturb_nobody(board: Leaderboard) -> None:
    board.record(synthetic_trial("a"))
    (board.path / "trials").mkdir()
    for stray in (
        "notes.txt",
        ".nfs0001",
        "metrics.parquet.bak",
        "copy of metrics.parquet",
        "trials/part-0.parquet",
    ):
        (board.path / stray).write_bytes(b"PAR1 of somebody else")
    board.record(synthetic_trial("b"))
    again = Leaderboard(board.path)
    again.record(synthetic_trial("c"))
    again.compact()
    assert [one.trial_id for one in again.records()] == ["a", "b", "c"]
    assert len(pd.read_parquet(board.path / "metrics.parquet")) == len(again.metrics()) == 12


def test_the_log_is_json_that_any_tool_reads(board: Leaderboard) -> None:
    board.record(synthetic_trial("a", score=math.nan, mean_gain=-math.inf))
    for line in (board.path / "trials.log").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)
    assert math.isnan(board.frame("trials")["score"][0])
    assert Leaderboard(board.path).frame("trials")["mean_gain"].tolist() == [-math.inf]


def test_tables_fall_behind_where_keeping_up_would_take_long(
    board: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SHARE", 1e-9)
    monkeypatch.setattr(pace, "CREDIT", 0.0)
    for name in "abc":
        board.record(synthetic_trial(name))
    assert filed(board.path) == []
    assert ids(board) == ids(Leaderboard(board.path)) == ["a", "b", "c"]
    assert len(Leaderboard(board.path).metrics()) == 12
    board.flush()
    assert filed(board.path) == ["a", "b", "c"]
    before = (board.path / "epochs.parquet").stat()
    board.flush()
    after = (board.path / "epochs.parquet").stat()  # of which the time of the last reading may differ
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "nothing is written"


def filed(path: Path, table: str = "trials") -> list[str]:
    """The trials in the file of a table, in order."""
    return pd.read_parquet(path / f"{table}.parquet")["trial_id"].drop_duplicates().tolist()


def test_settling_fills_gains_over_the_references(board: Leaderboard) -> None:
    metrics = (Metric("age", Split.VALID, "rmse", 9.0), Metric("death", Split.VALID, "auroc", 0.84))
    board.record(synthetic_trial("a", metrics=metrics, mean_gain=math.nan))
    board.settle({"age": 10.0, "death": 0.8})
    assert board.frame("metrics")["gain"].tolist() == pytest.approx([10.0, 5.0])
    assert board.frame("trials")["mean_gain"].tolist() == pytest.approx([7.5])
    assert board.frame("tasks")["reference"].tolist() == pytest.approx([10.0, 0.8, math.nan], nan_ok=True)


def test_designs_are_replaced_whole_and_read_back_as_written(board: Leaderboard) -> None:
    one = design("search", serves={"age": "a"}, gains={"age": 1.0}, delta_m=1.0, why="so far", behind=0.0)
    board.write_designs([one, one])
    two = replace(one, serves={"age": "a", "death": "a"}, delta_m=2.0, behind_p=0.5)
    board.write_designs([two])
    (row,) = board.frame("designs").to_dict("records")
    assert row["serves"] == {"age": "a", "death": "a"}
    assert row["delta_m"] == 2.0
    assert board.design_records() == [two]


def test_compacted_files_are_smaller_and_hold_the_same(board: Leaderboard) -> None:
    for number in range(20):
        board.record(synthetic_trial(str(number)))
        board.flush()
    size = (board.path / "trials.parquet").stat().st_size
    before = {table: board.frame(table) for table in SCHEMAS}
    board.compact()
    for table, rows in before.items():
        pd.testing.assert_frame_equal(Leaderboard(board.path).frame(table), rows)
    assert (board.path / "trials.parquet").stat().st_size < size / 2


def test_a_second_board_in_the_same_folder_is_refused(board: Leaderboard) -> None:
    with pytest.raises(LeaderboardError, match="resume it"):
        Leaderboard.create(board.path, TASKS)


class Stop(BaseException):
    """The process is killed here."""


def test_a_creation_that_was_stopped_can_be_repeated(tmp_path: Path) -> None:
    stopped = mock.patch.object(TrialLog, "create", side_effect=Stop)
    with stopped, pytest.raises(Stop):
        Leaderboard.create(tmp_path, TASKS)
    with pytest.raises(LeaderboardError, match=r"one without trials.log and without table 'trials'"):
        Leaderboard(tmp_path)
    assert len(Leaderboard.create(tmp_path, TASKS).tasks()) == 3


def foreign_nothing(path: Path) -> None:
    pass


def foreign_file(path: Path) -> None:
    path.write_text("trials")


def foreign_folder(path: Path) -> None:
    (path / "src").mkdir(parents=True)
    (path / "README.md").write_text("another project")


def foreign_trials_folder(path: Path) -> None:
    (path / "trials").mkdir(parents=True)
    (path / "trials" / "notes.txt").write_text("not ours")


def foreign_missing_table(path: Path) -> None:
    Leaderboard.create(path, TASKS)
    (path / "trials.log").unlink()
    (path / "tasks.parquet").unlink()


@pytest.mark.parametrize(
    "make", [foreign_nothing, foreign_file, foreign_folder, foreign_trials_folder, foreign_missing_table]
)
def test_what_is_no_leaderboard_is_refused_and_left_alone(tmp_path: Path, make: Callable[..., Any]) -> None:
    path = tmp_path / "folder"
    make(path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LeaderboardError, match="expected the folder of a sweep") as caught:
        Leaderboard(path)
    assert caught.value.place == str(path)
    assert (caught.value.found == "a file") is path.is_file()
    assert sorted(tmp_path.rglob("*")) == before


def test_the_folders_of_parts_of_old_versions_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    pq.write_table(
        trial_rows([synthetic_trial("a")]), tmp_path / "trials" / "part-00000000-9-00000000.parquet"
    )
    with pytest.raises(LeaderboardError, match=r"the format of version 0.1; .*run its sweep.yaml again"):
        Leaderboard(tmp_path)


@pytest.mark.parametrize(("version", "hint"), [(LOG_VERSION - 1, "an older"), (LOG_VERSION + 1, "a newer")])
def test_a_log_of_another_version_is_refused(board: Leaderboard, version: int, hint: str) -> None:
    log = board.path / "trials.log"
    log.write_text(log.read_text().replace(f'"version": {LOG_VERSION}', f'"version": {version}'))
    with pytest.raises(LeaderboardError, match=f"a log of version {LOG_VERSION}, found {version}; {hint}"):
        Leaderboard(board.path).recover()


def test_the_columns_are_described_anew_where_that_is_lost(board: Leaderboard) -> None:
    before = board.frame("columns")
    (board.path / "columns.parquet").unlink()
    Leaderboard(board.path).recover()
    pd.testing.assert_frame_equal(pd.read_parquet(board.path / "columns.parquet"), before)


def test_a_disk_that_is_full_records_nothing(board: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> None:
    board.record(synthetic_trial("a"))
    before = (board.path / "trials.log").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", mock.Mock(side_effect=OSError("no space left")))
        with pytest.raises(OSError, match="no space"):
            board.record(synthetic_trial("b"))
    assert (board.path / "trials.log").read_bytes() == before
    board.record(synthetic_trial("b"))
    assert ids(board) == ["a", "b"]
    assert len(board.metrics()) == 8


def at_once(path: Path, table: str) -> pd.Series:
    """The trials in a file that is opened once."""
    with (path / f"{table}.parquet").open("rb") as file:
        return pd.read_parquet(file)["trial_id"]


def test_readers_beside_a_writer_see_whole_trials_in_order(board: Leaderboard) -> None:
    board.record(synthetic_trial("000"))
    done, counts, problems = threading.Event(), [], []

    def watch() -> None:
        reader = Leaderboard(board.path)
        while not done.is_set():
            records = reader.records()
            counts.append(len(records))
            plain = at_once(board.path, "trials").tolist()
            values = at_once(board.path, "metrics").value_counts()
            if plain != [f"{i:03}" for i in range(len(plain))] or any(
                values.get(name) != 4 for name in plain
            ):
                problems.append("a plain reader sees trials that are not whole")
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


def test_many_trials_take_little_time_each(board: Leaderboard) -> None:
    started = time.process_time()
    for i in range(400):
        board.record(synthetic_trial(str(i)))
    assert (time.process_time() - started) / 400 < 0.05  # 0.006 on a quiet core
    assert len(list(board.path.iterdir())) == len(SCHEMAS) + 1
    started = time.process_time()
    assert len(board.records()) == 400
    assert time.process_time() - started < 5.0
