"""The file of a table: rows that are added, readers that are at it meanwhile, other versions."""

import errno
import gc
import io
import math
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import SCHEMAS, VERSION
from mtl_search.leaderboard.tables import FAN_IN, TableFile


def stored(folder: Path, table: str, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty table as that version wrote it."""
    schema = SCHEMAS[table]
    of_version = schema.with_metadata({**schema.metadata, b"mtl_search.version": str(version).encode()})
    monkeypatch.setattr("mtl_search.leaderboard.tables.SCHEMAS", {**SCHEMAS, table: of_version})
    TableFile(folder, table).replace(schema.empty_table())
    monkeypatch.undo()


def test_an_older_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(tmp_path, "trials", VERSION - 1, monkeypatch)
    message = f"expected schema version {VERSION}, found {VERSION - 1}; .*again under another --name"
    with pytest.raises(LeaderboardError, match=message):
        TableFile(tmp_path, "trials").read()


@pytest.mark.parametrize("change", ["missing", "of another type"])
def test_other_columns_are_refused(tmp_path: Path, change: str) -> None:
    schema = SCHEMAS["resamples"]
    other = schema.remove(4) if change == "missing" else schema.set(2, schema.field(2).with_type(pa.string()))
    pq.write_table(other.empty_table(), tmp_path / "resamples.parquet")
    with pytest.raises(LeaderboardError, match="the columns of schema version"):
        TableFile(tmp_path, "resamples").read()


def test_a_newer_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(tmp_path, "trials", VERSION + 1, monkeypatch)
    with pytest.raises(LeaderboardError, match="newer mtl_search"):
        TableFile(tmp_path, "trials").read()


def rows(first: int, last: int) -> pa.Table:
    found = [
        {"trial_id": str(i), "task": "age", "left_out": i, "value": float(i)} for i in range(first, last)
    ]
    return pa.Table.from_pylist(found, schema=SCHEMAS["resamples"])


@pytest.mark.parametrize("room", [0, 4, 200, 2000])
def test_a_full_disk_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Arrow's writer would close itself again once it is let go of, and Python print what it raises then."""

    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(one.exc_value))
    file = TableFile(tmp_path, "resamples")
    with Full(tmp_path / "full", "wb") as disk, pytest.raises(OSError, match="No space left on device"):
        file._write(disk, rows(0, 1000))
    gc.collect()
    assert told == []


def content(file: TableFile) -> pa.Table:
    found = file.read()
    assert found is not None
    return found


def groups(file: TableFile) -> int:
    return pq.read_metadata(file.path).num_row_groups


def test_appended_rows_are_read_in_order_by_everyone(tmp_path: Path) -> None:
    file = TableFile(tmp_path, "resamples")
    file.replace(rows(0, 3))
    count = 3
    for number in range(1, 2 * FAN_IN + 4):
        file.append(rows(count, count + number % 3))
        count += number % 3
        expected = list(range(count))
        assert content(file)["left_out"].to_pylist() == expected
        assert pd.read_parquet(file.path)["left_out"].tolist() == expected
        assert duckdb.sql(f"select left_out from '{file.path}'").fetchall() == [(i,) for i in expected]


def test_what_is_not_known_is_nan_here_and_null_for_others(tmp_path: Path) -> None:
    file = TableFile(tmp_path, "resamples")
    file.replace(rows(1, 2))
    unknown = rows(2, 4)
    file.append(unknown.set_column(3, unknown.field("value"), pa.array([math.nan, math.inf])))
    for _ in range(FAN_IN):
        file.append(rows(0, 0))  # of which the rows are written again
    here = content(file)["value"].to_pylist()
    assert here == pytest.approx([1.0, math.nan, math.inf], nan_ok=True)
    query = f"select avg(value), max(value) from '{file.path}' where value < 10"
    assert duckdb.sql(query).fetchall() == [(1.0, 1.0)]
    assert pl.read_parquet(file.path)["value"].to_list() == [1.0, None, math.inf]


def test_many_appends_leave_few_row_groups(tmp_path: Path) -> None:
    file = TableFile(tmp_path, "resamples")
    file.replace(rows(0, 0))
    for number in range(FAN_IN * FAN_IN):
        file.append(rows(number, number + 1))
        assert groups(file) <= 2 * FAN_IN
    assert groups(file) == 2
    assert len(content(file)) == FAN_IN * FAN_IN


def test_who_took_the_footer_of_an_older_file_finds_its_rows_in_the_newer_one(tmp_path: Path) -> None:
    # pandas and DuckDB open a path more than once for one read
    file = TableFile(tmp_path, "resamples")
    file.replace(rows(0, 0))
    footers = []
    for number in range(40):
        if number == 30:
            file.supersede(rows(100, 130))
        file.append(rows(number, number + 1))
        footers.append((pq.read_metadata(file.path), content(file)))
        for footer, seen in footers:
            assert pq.ParquetFile(file.path, metadata=footer).read().equals(seen)


def test_another_process_appends_where_the_last_one_stopped(tmp_path: Path) -> None:
    first = TableFile(tmp_path, "resamples")
    first.replace(rows(0, 2))
    for number in range(2, 6):
        (first if number % 2 else TableFile(tmp_path, "resamples")).append(rows(number, number + 1))
    assert content(first)["left_out"].to_pylist() == list(range(6))


def test_replacing_leaves_nothing_behind(tmp_path: Path) -> None:
    file = TableFile(tmp_path, "resamples")
    file.replace(rows(0, 9))
    size = file.path.stat().st_size
    for number in range(50):
        file.append(rows(9 + number, 10 + number))
    file.replace(rows(0, 9))
    assert file.path.stat().st_size == size
