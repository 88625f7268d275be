"""A disk that is full or read-only while a sweep runs: one sentence, and nothing recorded is lost."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import TrialState
from tests.conftest import TinySweep
from tests.fixtures.drivers import FIXED_PLAN, fixed_trial, records

FILLER = "filler"
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
    assert said.startswith(f"mtl-search: {sweep}")
    begun = (sweep / "trials.log").exists()
    before = [r.trial_id for r in Leaderboard(sweep).records()] if begun else []
    mount("size=16m,rw")
    assert main(["resume", str(sweep), "--inline", "--quiet"] if begun else run) == 0
    after = [r.trial_id for r in Leaderboard(sweep).records()]
    assert after[: len(before)] == before
    assert len(set(after)) == len(after)
    assert len(Leaderboard(sweep).frame("summary"))


def fill(folder: Path) -> None:
    """Write until there is no room but what is left of the last pages of other files."""
    with (folder / FILLER).open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(2**12))


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address", "unasked")
def test_with_a_worker_of_ray(
    disk: tuple[Path, Mount], tiny_sweep: TinySweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It fills up while trials are recorded, each of which takes a second until then."""
    folder, slow = disk[0], tmp_path / "slow"
    slow.touch()
    one_at_a_time = {"cpu": 2}  # since each worker takes seconds to start
    value = tiny_sweep(
        **FIXED_PLAN,
        budget={"trials": 12, "reference_trials": 1},
        resources=one_at_a_time,
        trial=fixed_trial("slow", slow),
    )
    (tmp_path / "tiny.yaml").write_text(json.dumps(value))
    path = folder / "tiny"

    def fill_up() -> None:
        while not records(path):
            time.sleep(0.02)
        fill(folder)
        slow.unlink()

    filling = threading.Thread(target=fill_up, daemon=True)
    filling.start()
    assert main(["run", str(tmp_path / "tiny.yaml"), "--results", str(folder), "--quiet"]) == 2
    filling.join()
    errors = capsys.readouterr().err
    (said,) = (line for line in errors.splitlines() if line.startswith("mtl-search: "))
    assert "No space left on device" in said
    assert said.startswith(f"mtl-search: {path}/")
    assert said.endswith("what was recorded is kept, and a resume goes on from there")
    assert "Traceback" not in errors
    before = records(path)
    assert before
    (folder / FILLER).unlink()
    assert main(["resume", str(path), "--quiet"]) == 0
    after = records(path)
    assert [(one.trial_id, one.config_id, one.finished) for one in after[: len(before)]] == [
        (one.trial_id, one.config_id, one.finished) for one in before
    ]
    assert {one.state for one in after} == {TrialState.COMPLETE}
    assert len(after) == len({one.trial_id for one in after}) == 3 + value["budget"]["trials"]
