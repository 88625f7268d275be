"""The log in a store: parts, wholes, and readers who look in between."""

from pathlib import Path

import pytest

from mtl_search.stores import log_parts
from mtl_search.stores.log_parts import LogCopy, PublishedLog
from mtl_search.stores.store import Store

PARTS = "trials.log.parts"


@pytest.fixture
def store(memory: str) -> Store:
    return Store.at(memory)


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def read(store: Store, path: Path) -> str:
    LogCopy(store, path).look(store.entries())
    return path.read_text()


def test_it_grows_by_parts_and_is_whole_in_the_end(store: Store, tmp_path: Path) -> None:
    path, copied = tmp_path / "trials.log", tmp_path / "copied.log"
    log, copy = PublishedLog(store, path), LogCopy(store, copied)
    log.publish()
    assert store.entries() == {}
    for text in ("begin\n", "one\n", "two\n", "three\n"):
        append(path, text)
        log.publish()
        log.publish()
        copy.look(store.entries())
        assert copied.read_text() == read(store, tmp_path / "new.log") == path.read_text()
    assert [*store.entries()] == ["trials.log", *(f"{PARTS}/{at:015d}" for at in (6, 10, 14))]
    log.whole()
    assert [*store.entries()] == ["trials.log"]
    copy.look(store.entries())
    assert copied.read_text() == "begin\none\ntwo\nthree\n"


def test_many_parts_become_a_whole(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_parts, "MOST", 3)
    path = tmp_path / "trials.log"
    log, counts = PublishedLog(store, path), []
    for number in range(9):
        append(path, f"{number}\n")
        log.publish()
        counts.append(len(store.entries()))
        assert read(store, tmp_path / "new.log") == path.read_text()
    assert counts == [1, 2, 3, 4, 1, 2, 3, 4, 1]


def test_a_part_that_is_in_a_whole_is_left_out(store: Store, tmp_path: Path) -> None:
    store.write("trials.log", b"one\ntwo\nthree\n")
    store.write(f"{PARTS}/{4:015d}", b"two\n")  # left by one that was killed while it deleted
    store.write(f"{PARTS}/{8:015d}", b"three\nfour\n")  # half of it is news
    assert read(store, tmp_path / "new.log") == "one\ntwo\nthree\nfour\n"


def test_who_looks_while_parts_become_a_whole_looks_again(store: Store, tmp_path: Path) -> None:
    path, copy = tmp_path / "trials.log", LogCopy(store, tmp_path / "new.log")
    log = PublishedLog(store, path)
    for text in ("one\n", "two\n"):
        append(path, text)
        log.publish()
    before = store.entries()
    log.whole()
    append(path, "three\n")
    log.publish()
    copy.look(before)
    assert copy.path.read_text() == "one\ntwo\n", "the whole has what was in the part"
    late = {name: one for name, one in store.entries().items() if name != "trials.log"}
    with pytest.raises(FileNotFoundError):
        LogCopy(store, tmp_path / "late.log").look(late | {f"{PARTS}/{4:015d}": before[f"{PARTS}/{4:015d}"]})
    copy.look(store.entries())
    assert copy.path.read_text() == "one\ntwo\nthree\n"


def test_one_that_was_mended_takes_the_place_of_what_was_there(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    log = PublishedLog(store, path)
    for text in ("one\n", "damaged\n", "three\n"):
        append(path, text)
        log.publish()
    (tmp_path / "mended").write_text("one\nthree\n")
    (tmp_path / "mended").replace(path)
    append(path, "four, which makes it longer than it was\n")
    log.publish()
    assert read(store, tmp_path / "new.log") == path.read_text()
    assert [*store.entries()] == ["trials.log"]
