"""Files that are replaced whole, and still are after a power cut."""

import os
import shutil
from pathlib import Path

import pytest

from mtl_search.leaderboard import replace_file, replace_folder


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was flushed to the disk, in order, by the name that it had then."""
    found: list[Path] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        found.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_a_file_is_on_the_disk_before_it_is_renamed_and_its_name_after(
    tmp_path: Path, synced: list[Path]
) -> None:
    replace_file(tmp_path / "table", lambda file: file.write(b"new"))
    content, folder = synced
    assert content.name.endswith(".partial")
    assert folder == tmp_path
    assert (tmp_path / "table").read_bytes() == b"new"


def test_so_is_a_folder_with_all_that_is_in_it(tmp_path: Path, synced: list[Path]) -> None:
    def write(folder: Path) -> None:
        (folder / "inner").mkdir()
        (folder / "inner" / "part").write_bytes(b"new")

    replace_folder(tmp_path / "bundle", write)
    *contents, folder = synced
    assert {path.name for path in contents} >= {"inner", "part"}
    assert folder == tmp_path
    assert (tmp_path / "bundle" / "inner" / "part").read_bytes() == b"new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_who_is_interrupted_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    def write(half: object) -> None:
        raise error

    for replace in (replace_file, replace_folder):
        (tmp_path / "old").write_bytes(b"old")
        with pytest.raises(error):
            replace(tmp_path / "new", write)
        assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_errors_name_what_is_written_not_its_half(tmp_path: Path) -> None:
    def missing(partial: Path) -> None:
        (partial / "inner" / "part").write_bytes(b"")

    with pytest.raises(FileNotFoundError) as caught:
        replace_file(tmp_path / "nowhere" / "table", lambda file: file.write(b""))
    assert caught.value.filename == str(tmp_path / "nowhere" / "table")
    with pytest.raises(FileNotFoundError) as caught:
        replace_folder(tmp_path / "bundle", missing)
    assert caught.value.filename == str(tmp_path / "bundle")


def test_nobody_sees_a_part_of_a_folder_that_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(folder: Path) -> None:
        for name in ("a", "b"):
            (folder / name).write_bytes(b"")

    seen: list[set[str]] = []
    remove = shutil.rmtree

    def rmtree(folder: Path, ignore_errors: bool = False) -> None:
        (folder / "a").unlink(missing_ok=True)  # some file goes first
        seen.append({path.name for path in (tmp_path / "bundle").iterdir()})
        remove(folder, ignore_errors)

    replace_folder(tmp_path / "bundle", write)
    monkeypatch.setattr(shutil, "rmtree", rmtree)
    replace_folder(tmp_path / "bundle", write)
    assert seen == [{"a", "b"}]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_an_old_folder_is_back_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "old").write_bytes(b"old")
    replace = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if (path / "new").exists():
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(tmp_path / "bundle", lambda folder: (folder / "new").write_bytes(b""))
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "old"]
