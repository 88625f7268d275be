"""Samples: all of a small table, runs from all over a large one, the same however it is stored."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from mtl_search.drafting import read_sample, sample_of, sampling


@pytest.fixture
def table() -> pa.Table:
    return pa.table({"row": np.arange(10_000), "half": np.arange(10_000) / 2})


def test_a_small_table_is_its_sample(table: pa.Table) -> None:
    sample = sample_of(table)
    assert sample.is_whole
    assert sample.table.equals(table)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_large_one_is_streamed_in_runs(
    table: pa.Table, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MOST_ROWS", 1_000), ("STREAMED_CELLS", 10), ("STREAMED_BYTES", 10), ("BATCH", 999)):
        monkeypatch.setattr(sampling, name, value)
    write = {"parquet": pq.write_table, "csv": pa_csv.write_csv}[suffix]
    write(table, tmp_path / f"t.{suffix}")
    sample = read_sample(f"t.{suffix}", tmp_path)
    rows = np.asarray(sample.table["row"])
    assert (sample.n_rows, sample.is_whole) == (10_000, False)
    assert 500 <= len(rows) <= 1_000
    assert rows.max() > 9_000
    steps = np.diff(rows)
    assert (steps == 1).mean() > 0.9
    assert len(np.unique(steps)) == 2, "runs are evenly apart"
    assert sample.table.equals(sample_of(table).table)


def test_row_groups_are_left_out_where_there_are_too_many_cells(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MOST_ROWS", 1_000), ("STREAMED_CELLS", 10), ("READ_CELLS", 5_000)):
        monkeypatch.setattr(sampling, name, value)
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=1_000)
    sample = read_sample("t.parquet", tmp_path)
    assert sample.n_rows == 10_000
    assert np.unique(np.asarray(sample.table["row"]) // 1_000).tolist() == [0, 5]
