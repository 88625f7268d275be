"""A disk that is full or read-only while a sweep runs: one sentence, and nothing recorded is lost."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard

Mount = Callable[[str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Mount]]:
    """A disk of its own, and what changes its options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> None:
        again = "remount," if folder.is_mount() else ""
        command = ["mount", "-t", "tmpfs", "-o", again + options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")

    mount("size=16m")
    yield folder, mount
    subprocess.run(["umount", str(folder)], check=False)


@pytest.fixture
def sweep_file(tiny_sweep: Callable[..., dict[str, Any]], tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    with path.open("w") as file:
        YAML().dump(tiny_sweep(budget={"repeats": 1, "finalists": 1, "seeds": 1}), file)
    return path


@pytest.mark.parametrize(
    "full",
    ["size=100k", "size=260k", "size=600k", "size=16m,ro"],
    ids=["at the beginning", "while trials are recorded", "while the page is written", "read-only"],
)
def test_it_says_so_and_can_go_on(
    disk: tuple[Path, Mount],
    sweep_file: Path,
    capsys: pytest.CaptureFixture[str],
    full: str,
) -> None:
    folder, mount = disk
    run = ["run", str(sweep_file), "--results", str(folder), "--inline", "--quiet"]
    mount(full)
    assert main(run) == 2
    lines = capsys.readouterr().err.splitlines()  # the live page may have its own
    (said,) = (line for line in lines if line.startswith("mtl-search: "))
    assert not any("Traceback" in line for line in lines)
    assert "No space left on device" in said or "Read-only file system" in said
    sweep = folder / "tiny"
    begun = (sweep / "trials.log").exists()
    before = [r.trial_id for r in Leaderboard(sweep).records()] if begun else []
    mount("size=16m,rw")
    assert main(["resume", str(sweep), "--inline", "--quiet"] if begun else run) == 0
    after = [r.trial_id for r in Leaderboard(sweep).records()]
    assert after[: len(before)] == before
    assert len(set(after)) == len(after)
    assert len(Leaderboard(sweep).frame("summary"))
