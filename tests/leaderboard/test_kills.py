"""Whatever is killed, lost, damaged or restored from an older copy: each finished trial is seen once."""

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from mtl_search.leaderboard import SCHEMAS, Leaderboard
from mtl_search.leaderboard import files as files_module
from mtl_search.leaderboard.log import TrialLog
from mtl_search.records import Belief, MeanGate, Metric, Resample, Split, TrialRecord
from tests.fixtures.boards import TASKS, synthetic_trial
from tests.fixtures.frames import design

OF_TRIALS = ("trials", "params", "metrics", "epochs", "resamples", "gates", "beliefs")


class Stop(BaseException):
    """The process is killed here."""


class Killer:
    """Kills at the n-th step on files: before it, or, where it writes bytes, in the middle."""

    def __init__(self, step: int) -> None:
        self.left = step

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stop

    def guarded(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            self.count()
            return step(*args, **kwargs)

        return run

    def torn(self, log: TrialLog, events: list[dict[str, Any]], **options: Any) -> None:
        """An append of which only a part of the line gets to the file."""
        if self.left == 0:
            whole = mock.patch.object(os, "fsync", mock.Mock(side_effect=Stop))
            with whole, pytest.raises(Stop):
                append(log, events)
            with log.path.open("rb+") as file:
                file.truncate(log.path.stat().st_size - 7)
        self.count()
        return append(log, events, **options)

    def half(self, path: Path, write: Callable[..., Any]) -> None:
        """A file of which only the first bytes get to the disk under its temporary name."""
        if self.left == 0:
            path.with_name(f".{path.name}.0.partial").write_bytes(b"PAR1")
        self.count()
        return replace_file(path, write)

    def patches(self) -> tuple[Any, ...]:
        return (
            mock.patch.object(Path, "replace", self.guarded(Path.replace)),
            mock.patch.object(os, "fsync", self.guarded(os.fsync)),
            mock.patch.object(TrialLog, "_append", lambda log, events, **o: self.torn(log, events, **o)),
            mock.patch("mtl_search.leaderboard.tables.replace_file", self.half),
        )


append, replace_file = TrialLog._append, files_module.replace_file


def trial(number: int) -> TrialRecord:
    """A trial with rows in every table."""
    metrics = tuple(Metric("age", Split.VALID, "rmse", float(i)) for i in range(3))
    return synthetic_trial(
        f"search-{number:04d}",
        metrics=metrics,
        resamples=(Resample("age", 0, 1.0),),
        gates=(MeanGate("age", 0, "shared 1", 0.5),) * 2,
        beliefs=(Belief("age", 1.0, 0.5, "explore"),),
    )


def work(path: Path, done: list[str]) -> None:
    """What a sweep does to its folder; ``done`` are the trials that were recorded."""
    board = Leaderboard(path)
    for number in range(len(board.trials()), 12):
        board.record(trial(number))
        done.append(f"search-{number:04d}")
    board.settle({"age": 2.0})
    board.write_designs([design("search", delta_m=1.0)])


def by_pandas(path: Path, table: str) -> list[str]:
    return pd.read_parquet(path / f"{table}.parquet")["trial_id"].tolist()


def by_duckdb(path: Path, table: str) -> list[str]:
    found = duckdb.sql(f"select trial_id from '{path / table}.parquet'").fetchall()
    return [row[0] for row in found]


def by_pyarrow(path: Path, table: str) -> list[str]:
    return pq.read_table(path / f"{table}.parquet")["trial_id"].to_pylist()


def by_polars(path: Path, table: str) -> list[str]:
    found: list[str] = pl.read_parquet(path / f"{table}.parquet")["trial_id"].to_list()
    return found


def check_files(path: Path, read: Callable[[Path, str], list[str]], finished: list[str]) -> None:
    """Each table shows trials once and whole, none that is not finished, and all of those in ``trials``."""
    seen = {table: read(path, table) for table in OF_TRIALS}
    trials = seen["trials"]
    assert trials == finished[: len(trials)]
    for table, rows in (
        ("params", 2),
        ("metrics", 3),
        ("epochs", 4),
        ("resamples", 1),
        ("gates", 2),
        ("beliefs", 1),
    ):
        each = [name for name, _ in itertools.groupby(seen[table])]
        assert each == finished[: len(each)]
        assert len(seen[table]) == rows * len(each)
        assert len(each) >= len(trials)


def check_board(path: Path, finished: list[str]) -> None:
    board = Leaderboard(path)
    assert board.trials()["trial_id"].to_pylist() == finished
    assert [len(record.metrics) for record in board.records()] == [3] * len(finished)
    assert len(board.epochs()) == 4 * len(finished)
    assert len(board.resamples()) == len(finished)
    assert len(board.gates()) == 2 * len(finished)
    assert len(board.params()) == 2 * len(finished)


@pytest.mark.parametrize("step", range(0, 310, 10))
def test_killed_at_any_step(tmp_path: Path, step: int) -> None:
    board = Leaderboard.create(tmp_path, TASKS)
    board.record(trial(0))
    done = ["search-0000"]
    for kill in (step, 2 * step // 3):  # the second while it mends what the first has left
        patches = Killer(kill).patches()
        for patch in patches:
            patch.start()
        try:
            work(tmp_path, done)
        except Stop:
            finished = Leaderboard(tmp_path).trials()["trial_id"].to_pylist()
            assert finished[: len(done)] == done
            assert len(finished) <= len(done) + 1, "the last may have been recorded just before the kill"
            done = finished
        finally:
            for patch in patches:
                patch.stop()
        check_board(tmp_path, done)
        for read in (by_pandas, by_duckdb, by_pyarrow):
            check_files(tmp_path, read, done)
    work(tmp_path, done)
    whole = [f"search-{number:04d}" for number in range(12)]
    assert done == whole
    check_board(tmp_path, whole)
    assert {table: len(by_pandas(tmp_path, table)) for table in OF_TRIALS} == {
        "trials": 12, "params": 24, "metrics": 36, "epochs": 48, "resamples": 12, "gates": 24, "beliefs": 12,
    }  # fmt: skip
    assert not list(tmp_path.glob(".*")), "nothing half written is left"


def test_polars_reads_the_files_as_well(tmp_path: Path) -> None:
    Leaderboard.create(tmp_path, TASKS)
    done: list[str] = []
    work(tmp_path, done)
    check_files(tmp_path, by_polars, done)


# lost, older, cut short, garbled: the log, the tables, or both


def lost(file: Path, older: bytes) -> None:
    file.unlink()


def emptied(file: Path, older: bytes) -> None:
    file.write_bytes(b"")


def older(file: Path, older: bytes) -> None:
    file.write_bytes(older)


def cut(file: Path, older: bytes) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def garbled(file: Path, older: bytes) -> None:
    content = bytearray(file.read_bytes())
    for place in range(len(content) // 2, len(content), 97):
        content[place] ^= 0xFF
    file.write_bytes(bytes(content))


DAMAGES = (lost, emptied, older, cut, garbled)
ALL = ("trials.log", *(f"{table}.parquet" for table in SCHEMAS))
TABLES = ALL[1:]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("which", [["trials.log"], TABLES, *([name] for name in TABLES)], ids=lambda x: x[-1])
def test_what_one_of_log_and_tables_has_is_not_lost(
    tmp_path: Path, damage: Callable[..., Any], which: list[str] | tuple[str, ...]
) -> None:
    board = Leaderboard.create(tmp_path, TASKS)
    for number in range(3):
        board.record(trial(number))
    copies = {name: (tmp_path / name).read_bytes() for name in ALL}
    for number in range(3, 8):
        board.record(trial(number))
    board.settle({"age": 2.0})
    for name in which:
        damage(tmp_path / name, copies[name])
    board = Leaderboard(tmp_path)
    board.record(trial(8))
    whole = [f"search-{number:04d}" for number in range(9)]
    check_board(tmp_path, whole)
    board.flush()
    for read in (by_pandas, by_duckdb):
        check_files(tmp_path, read, whole)
        assert read(tmp_path, "trials") == whole
    assert board.frame("tasks")["task"].tolist() == ["age", "death", "ward"]
    (tmp_path / "trials.parquet").unlink()
    check_board(tmp_path, whole)  # all of it is in the log again


def test_a_backup_made_while_tables_and_log_were_written_is_whole(tmp_path: Path) -> None:
    # each file as it was at another moment: the log first, then one table after the other
    board = Leaderboard.create(tmp_path / "sweep", TASKS)
    names = (*(f"{table}.parquet" for table in ("epochs", "metrics", "resamples", "tasks")), *ALL[:2])
    (tmp_path / "copy").mkdir()
    for number, name in enumerate(names):
        board.record(trial(number))
        shutil.copy(tmp_path / "sweep" / name, tmp_path / "copy" / name)
    copy = Leaderboard(tmp_path / "copy")
    copy.recover()
    finished = copy.trials()["trial_id"].to_pylist()
    assert finished == [f"search-{number:04d}" for number in range(5)], "of the last there are no metrics"
    check_board(tmp_path / "copy", finished)
    check_files(tmp_path / "copy", by_pandas, finished)


def test_a_log_that_was_garbled_is_kept_aside(tmp_path: Path) -> None:
    board = Leaderboard.create(tmp_path, TASKS)
    board.record(trial(0))
    board.record(trial(1))
    log = tmp_path / "trials.log"
    garbage = log.read_bytes().replace(b'"search-0000", "metrics"', b'"search-0000" \x00"metrics"')
    log.write_bytes(garbage)
    Leaderboard(tmp_path).record(trial(2))
    assert (tmp_path / "trials.log.damaged").read_bytes() == garbage
    check_board(tmp_path, ["search-0000", "search-0001", "search-0002"])
