"""Files that are replaced whole, and still are after a power cut."""

import os
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
