"""Tables that are read part by part: what is made of them is what is made of whole ones."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather as pa_feather
import pyarrow.parquet as pa_parquet
import pytest
from pydantic import ByteSize

from mtl_search.data import Dataset, DataSpec, load_dataset
from mtl_search.data import streamed as streamed_module
from mtl_search.data.hashing import hash_rows
from mtl_search.data.room import CACHE, Room
from mtl_search.data.sources import read_source, read_table
from mtl_search.data.streamed import StreamedTable, batches_of, columns_of, parts_of, select
from tests.data.test_cache import assert_equal
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same table in files of each kind that knows its columns, in row groups and parts of odd sizes."""
    folder, table = tmp_path_factory.mktemp("tables"), tiny_table(300)
    decimals = pa.array([f"{number}.{number % 7 // 6}0" for number in range(300)]).cast(pa.decimal128(9, 2))
    table = table.append_column("share", decimals).append_column("a.b", table["age"])
    pa_parquet.write_table(table, folder / "one.parquet", row_group_size=77)
    pa_feather.write_feather(table, folder / "one.feather", chunksize=77)
    for part, start in enumerate(range(0, 300, 120)):
        (folder / "parts" / f"half={part}").mkdir(parents=True)
        piece = table.slice(start, 120)
        pa_parquet.write_table(piece, folder / "parts" / f"half={part}" / "0.parquet", row_group_size=50)
    return folder


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_module, "AT_ONCE", 3000)
    monkeypatch.setattr(streamed_module, "LIGHT", 64)


def load(folder: Path, source: str, memory: int | None) -> Dataset:
    spec = DataSpec(
        source=source,
        group="patient",
        missing={"age": (50.0,)},
        weight="share",
        memory=None if memory is None else ByteSize(memory),
    )
    return load_dataset(spec, task_configs(TINY_TASKS), base=folder, results=folder)


@pytest.mark.parametrize("source", ["one.parquet", "one.feather", "parts"])
def test_the_dataset_is_that_of_the_whole_table(folder: Path, source: str) -> None:
    whole, large = load(folder, source, None), load(folder, source, 1000)
    assert large.fingerprint == whole.fingerprint
    assert large.encoding == whole.encoding
    assert large.test_rows == whole.test_rows
    (place,) = set(large.warnings) - set(whole.warnings)
    assert "more than data.memory" in place
    assert [note for note in large.warnings if note != place] == list(whole.warnings)
    for which, rows in whole.splits.items():
        assert large.splits[which].mapped is not None
        assert_equal(large.splits[which], rows)
    repr_of = {name: repr(task) for name, task in large.tasks.items()}
    assert repr_of == {name: repr(task) for name, task in whole.tasks.items()}


@pytest.mark.parametrize("source", ["one.parquet", "one.feather", "parts"])
def test_rows_are_taken_read_and_hashed_in_parts(folder: Path, source: str) -> None:
    whole = read_table(source, folder)
    large, _ = read_source(source, folder, Room(1000, folder / CACHE))
    assert isinstance(large, StreamedTable)
    assert large.column_names == whole.column_names
    assert large.schema == whole.schema
    marked = pa.array([row % 3 > 0 for row in range(300)])
    rows = pa.array(range(5, 170, 2))
    ours, theirs = large.filter(marked).take(rows), whole.filter(marked).take(rows)
    assert len(ours) == ours.num_rows == len(theirs)
    names = ["topics", "a.b", "cost", *(["half"] if source == "parts" else [])]
    batches = list(batches_of(ours, names, 10))
    assert len(batches) > 5
    assert pa.concat_tables(batches).combine_chunks() == select(theirs, names).combine_chunks()
    for name, mine, other in zip(names, columns_of(ours, names), columns_of(theirs, names), strict=True):
        assert mine.equals(other), name
    topics, numbers = parts_of(ours, ["topics", "cost"])
    assert len(list(topics)) > 3
    assert len(list(numbers)) == 1
    assert (hash_rows(ours) == hash_rows(theirs)).all()


def test_a_table_that_fits_is_read_whole(folder: Path) -> None:
    for source in ("one.parquet", "one.feather", "parts"):
        table, _ = read_source(source, folder, Room(10**6, folder / CACHE))
        assert isinstance(table, pa.Table)


def test_texts_and_series_are_fitted_and_encoded_as_if_whole(tmp_path: Path) -> None:
    random, rows = np.random.default_rng(0), 200
    words = [[f"w{word}" for word in random.integers(0, 30, random.integers(1, 9))] for _ in range(rows)]
    heights = random.normal(size=(rows, 4, 3)).round(2)
    table = pa.table(
        {
            "words": words,
            "said": [" ".join(row) for row in words],
            "sensor": pa.array([row[: 1 + at % 4].tolist() for at, row in enumerate(heights)]),
            "frames": pa.array([row.tobytes() for row in random.integers(0, 255, (rows, 6, 2), np.uint8)]),
            "tall": heights[:, 0, 0] > 0,
        }
    )
    pa_parquet.write_table(table, tmp_path / "mixed.parquet", row_group_size=70)
    inputs = {"said": "text", "sensor": "series", "frames": {"kind": "series", "channels": 2}}
    whole, large = (
        load_dataset(
            DataSpec.model_validate({"source": "mixed.parquet", "inputs": inputs, "memory": memory}),
            task_configs({"tall": "binary"}),
            base=tmp_path,
            results=tmp_path,
        )
        for memory in (None, 1000)
    )
    assert large.train.mapped is not None
    assert large.fingerprint == whole.fingerprint
    assert large.encoding == whole.encoding
    for which, of_split in whole.splits.items():
        assert_equal(large.splits[which], of_split)
