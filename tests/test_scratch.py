"""Scratch folders: gone with their block, or after a kill with the next one."""

import os
import tempfile
from pathlib import Path

import pytest

from mtl_search.scratch import MARK, PREFIX, YOUNG, scratch_folder


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def made_long_ago(folder: Path) -> None:
    then = folder.stat().st_mtime - 2 * YOUNG
    os.utime(folder, (then, then))


def test_it_is_there_for_the_block_alone(tmp_path: Path) -> None:
    with scratch_folder() as folder:
        (folder / "file").touch()
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / MARK).touch()
    with scratch_folder() as used:
        assert left.is_dir(), "it may have been made a moment ago"
        made_long_ago(left)
        made_long_ago(used)
        with scratch_folder():
            assert not left.exists()
            assert used.is_dir()


def test_a_copy_of_the_project_that_somebody_unpacked_there_stays(tmp_path: Path) -> None:
    copy = tmp_path / f"{PREFIX}main"
    copy.mkdir()
    made_long_ago(copy)
    with scratch_folder():
        assert copy.is_dir()


def test_what_has_another_name_or_leads_elsewhere_is_nobodys(tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / f"{PREFIX}link"
    other.mkdir()
    (other / MARK).touch()
    link.symlink_to(other)
    made_long_ago(other)
    with scratch_folder():
        assert other.is_dir()
        assert link.is_symlink()
