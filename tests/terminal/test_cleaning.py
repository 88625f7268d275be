"""``clean``: encoded rows go, and what is still needed stays."""

from pathlib import Path

import pytest
from pydantic import ByteSize

from mtl_search.cli import main
from mtl_search.data import DataSpec, dataset_from_table
from mtl_search.data.cache import Cache
from mtl_search.data.room import CACHE
from mtl_search.leaderboard import only_process
from tests.fixtures.data import task_configs, tiny_table


@pytest.fixture
def results(tmp_path: Path) -> Path:
    spec = DataSpec(source="tiny", drop=("topics",), memory=ByteSize(10))
    dataset_from_table(tiny_table(100), spec, task_configs({"ill": "binary"}), results=tmp_path)
    (tmp_path / CACHE / "0123-node-7.part").mkdir()  # what a killed process leaves
    (tmp_path / "sweep").mkdir()
    return tmp_path


def entries(results: Path) -> list[Path]:
    """What is to be cleaned."""
    return list((results / CACHE).glob("[!.]*"))


def test_it_says_what_it_removes(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", str(results), "--dry-run"]) == 0
    would = capsys.readouterr().out
    assert len(entries(results)) == 2
    assert main(["clean", str(results)]) == 0
    did = capsys.readouterr().out
    assert did == would.replace("would remove", "removed")
    assert ": encoded rows of tiny, " in did
    assert ": rows that were never all written, 0 bytes" in did
    assert not entries(results)
    assert (results / "sweep").is_dir()
    assert main(["clean", str(results)]) == 0
    assert capsys.readouterr().out == f"nothing to remove in {results}\n"


def test_a_sweep_at_work_keeps_them(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_process(results / "sweep"):
        assert main(["clean", str(results)]) == 2
    assert "expected no sweep at work, found sweep; its workers read from there" in capsys.readouterr().err
    assert len(entries(results)) == 2


def test_who_writes_rows_is_not_disturbed(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Cache(results / CACHE).alone():
        assert main(["clean", str(results)]) == 2
    assert "expected nobody who writes rows there, found another process" in capsys.readouterr().err
    assert len(entries(results)) == 2


def test_a_removal_that_is_stopped_leaves_no_rows_that_lack_files(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(results / CACHE)
    whole = next(entry for entry in cache.entries() if entry.source is not None)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda path, **options: None)
        whole.remove()
    assert cache.read(whole.path.name) is None
    assert main(["clean", str(results)]) == 0
    assert not entries(results)


def test_no_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", str(tmp_path / "none")]) == 2
    assert "expected a folder with sweeps in it, found no such folder" in capsys.readouterr().err
