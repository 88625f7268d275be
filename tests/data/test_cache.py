"""Rows in files: equal to those in memory bit by bit, written once, and never carried by a pickle."""

import pickle
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
import torch
from pydantic import ByteSize

from mtl_search.data import Dataset, DataSpec, Rows, dataset_from_table
from mtl_search.data import encoded as encoded_module
from mtl_search.data.cache import Cache, Part
from mtl_search.data.room import CACHE, UNFINISHED
from mtl_search.errors import DataError
from mtl_search.records import Split
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_table

SMALL = 1000  # bytes, less than the encoded rows


def load(results: Path, memory: int | None, seed: int = 0) -> Dataset:
    table = tiny_table(300, seed)
    table = table.append_column("share", pc.abs(table["age"]))
    spec = DataSpec(
        source="tiny", group="patient", weight="share", memory=None if memory is None else ByteSize(memory)
    )
    return dataset_from_table(table, spec, task_configs(TINY_TASKS), results=results)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def whole(results: Path) -> Dataset:
    dataset = load(results, None)
    assert not (results / CACHE).exists()
    return dataset


@pytest.fixture(scope="module")
def mapped(results: Path, whole: Dataset) -> Iterator[Dataset]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoded_module, "AT_ONCE", 2000)  # so that a split is written in several parts
        yield load(results, SMALL)


def assert_equal(one: Rows, other: Rows) -> None:
    ours, theirs = one.arrays, other.arrays
    assert {part: list(arrays) for part, arrays in ours.items()} == {p: list(a) for p, a in theirs.items()}
    for part, arrays in ours.items():
        for name, array in arrays.items():
            assert array.dtype == theirs[part][name].dtype
            assert array.tobytes() == theirs[part][name].tobytes(), (part, name)


def test_rows_in_files_are_those_in_memory(whole: Dataset, mapped: Dataset) -> None:
    assert whole.fingerprint == mapped.fingerprint
    for which, rows in mapped.splits.items():
        assert rows.mapped is not None
        assert whole.splits[which].mapped is None
        assert_equal(rows, whole.splits[which])
    (note,) = set(mapped.warnings) - set(whole.warnings)
    assert "more than data.memory (1000 bytes): read from" in note


def test_the_next_to_read_the_same_data_writes_nothing(results: Path, mapped: Dataset) -> None:
    def written() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in (results / CACHE).rglob("*")}

    before = written()
    again = load(results, SMALL)
    assert written() == before
    assert_equal(again.valid, mapped.valid)
    assert again.warnings == mapped.warnings


def test_other_data_has_other_files(results: Path, mapped: Dataset) -> None:
    other = load(results, SMALL, seed=1)
    assert other.train.mapped is not None
    assert mapped.train.mapped is not None
    assert other.train.mapped.folder != mapped.train.mapped.folder


def test_a_pickle_carries_the_place_and_no_row(mapped: Dataset) -> None:
    for rows in (mapped.train, mapped.valid.slice(3, 40).slice(2, 1000), mapped.test.select(["cost"])):
        packed = pickle.dumps(rows)
        assert len(packed) < 500
        unpacked = pickle.loads(packed)
        assert unpacked.mapped == rows.mapped
        assert_equal(unpacked, rows)


def test_rows_that_follow_each_other_are_joined_where_they_are(whole: Dataset, mapped: Dataset) -> None:
    together = mapped.all_rows()
    assert together.mapped is not None
    assert_equal(together, whole.all_rows())
    backwards = Rows.joined([mapped.valid, mapped.train])
    assert backwards.mapped is None
    assert_equal(backwards, Rows.joined([whole.valid, whole.train]))


def test_what_is_taken_is_in_memory(whole: Dataset, mapped: Dataset) -> None:
    index = torch.tensor([5, 0, 5, 17])
    taken = mapped.train.take(index)
    assert taken.mapped is None
    assert_equal(taken, whole.train.take(index))


def test_rows_whose_files_are_gone_are_an_error(results: Path, tmp_path: Path) -> None:
    packed = pickle.dumps(load(tmp_path, SMALL).train)
    shutil.rmtree(tmp_path / CACHE)
    with pytest.raises(DataError, match=r"expected encoded rows, found none; .*every machine"):
        pickle.loads(packed)


def test_what_is_not_all_written_is_not_there(tmp_path: Path, whole: Dataset) -> None:
    cache, counts = Cache(tmp_path / CACHE), {which: len(rows) for which, rows in whole.splits.items()}

    def parts() -> Iterator[Part]:
        yield Part(Split.TRAIN, whole.train)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        cache.write("key", "tiny", counts, parts())
    assert cache.read("key") is None
    assert list(cache.folder.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path, whole: Dataset) -> None:
    cache = Cache(tmp_path / CACHE)
    left = cache.folder / f"key{UNFINISHED}"
    left.mkdir(parents=True)
    (left / "some.bin").write_bytes(b"a part")
    counts = dict.fromkeys(Split, 0) | {Split.TRAIN: len(whole.train)}
    with cache.alone():
        cache.write("key", "tiny", counts, [Part(Split.TRAIN, whole.train)])
    assert [entry.source for entry in cache.entries()] == ["tiny"]


def test_two_that_read_the_same_data_write_it_once(
    tmp_path: Path, whole: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = Cache.write

    def noted(cache: Cache, key: str, *others: Any) -> None:
        written.append(key)
        time.sleep(0.05)
        write(cache, key, *others)

    monkeypatch.setattr(Cache, "write", noted)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: load(tmp_path, SMALL), range(2)))
    assert len(written) == 1
    for one in both:
        assert_equal(one.train, whole.train)


def test_a_full_disk_is_an_error_before_a_byte_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(DataError, match=r"room for .* KiB of encoded rows, found 10 bytes; set data.memory"):
        load(tmp_path, SMALL)
    assert not (tmp_path / CACHE).exists()


def test_wide_rows_are_read_one_by_one(tmp_path: Path, whole: Dataset) -> None:
    n_rows = len(whole.train)
    pixels = torch.arange(n_rows * 1200, dtype=torch.int32).reshape(n_rows, 3, 400)
    rows = replace(whole.train, inputs={**whole.train.inputs, "image:x": pixels})
    cache, counts = Cache(tmp_path / CACHE), dict.fromkeys(Split, 0) | {Split.TRAIN: n_rows}
    cache.write("key", "tiny", counts, [Part(Split.TRAIN, rows)])
    found = cache.read("key")
    assert found is not None
    mapped, index = found[0][Split.TRAIN].slice(7, n_rows), torch.tensor([5, 0, 5, 17])
    mapped.announce(index)  # which nobody can see but by the clock
    assert_equal(mapped.take(index), rows.take(index + 7))
    shutil.rmtree(cache.folder)
    with pytest.raises(DataError, match="expected encoded rows, found none"):
        mapped.take(index)
