"""Commands that are killed or interrupted in the middle of a sweep, and what a resume makes of it.

A process that trains by itself is killed in every phase in ``tests/faults``, and a Ray of the sweep's own is
interrupted in ``executors/test_seen_in_ray.py``.
"""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, TrialRecord
from mtl_search.search import resume_sweep
from tests.fixtures.drivers import PATIENCE, driver, records

WHOLE = {"single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 12}

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def sweep_file(tiny_sweep: Callable[..., dict[str, Any]], tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    one_at_a_time = {"cpu": 2}  # since each worker takes seconds to start
    with path.open("w") as file:
        YAML().dump(tiny_sweep(budget={"trials": 12, "repeats": 1}, resources=one_at_a_time), file)
    return path


@pytest.fixture
def start(sweep_file: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts ``mtl-search run`` in a session of its own; what is left of it ends with the test."""
    with ExitStack() as started:
        yield lambda *options: started.enter_context(driver(sweep_file, tmp_path, *options))


def wait_for_trials(process: subprocess.Popen[str], path: Path, count: int) -> None:
    """Until more than ``count`` trials have ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"it ended too early, with {process.returncode}: {process.communicate()}")
        log = path / "trials.log"
        if log.exists() and log.read_bytes().count(b'{"finish": ') > count:
            return
        time.sleep(0.005)
    raise AssertionError("no trials in time")


def check_whole(path: Path, before: list[TrialRecord]) -> None:
    """No finished trial is lost, none is there twice, and there are as many as were asked for.

    And those by which the references catch up once all arms are done, each configuration once.
    """
    after = records(path)
    ids = [r.trial_id for r in after]
    assert ids[: len(before)] == [r.trial_id for r in before]
    assert len(ids) == len(set(ids))
    searched = [r for r in after if r.phase == Phase.SEARCH]
    begun = next(place for place, r in enumerate(searched) if r.arm != "single_task")
    caught_up = [r for r in searched[begun:] if r.arm == "single_task"]
    assert Counter(r.arm for r in searched) - Counter(single_task=len(caught_up)) == WHOLE
    assert max(Counter(r.config_id for r in caught_up).values(), default=1) == 1
    again = [(r.config_id, r.seed) for r in after if r.phase == Phase.REPLICATION]
    assert len(again) == len(set(again)) > 0
    kept = {r.trial_id: r for r in after}
    for record in before:
        now = kept[record.trial_id]
        assert (now.config, now.seed, now.score) == (record.config, record.seed, record.score)
        assert [(m.task, m.name, m.value) for m in now.metrics] == [
            (m.task, m.name, m.value) for m in record.metrics
        ]
    designs = Leaderboard(path).frame("designs")
    assert set().union(*designs["arms"]) == {*WHOLE, "pooled"}


@pytest.mark.ray
def test_killed_with_ray(start: Start, tmp_path: Path, ray_address: str) -> None:
    process = start("--address", ray_address, "--quiet")
    wait_for_trials(process, tmp_path / "tiny", 6)
    process.kill()
    process.wait()
    before = records(tmp_path / "tiny")
    assert 6 <= len(before) < sum(WHOLE.values())
    resume_sweep(tmp_path / "tiny")
    check_whole(tmp_path / "tiny", before)


def test_interrupted_inline(start: Start, tmp_path: Path) -> None:
    process = start("--inline")
    wait_for_trials(process, tmp_path / "tiny", 5)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"mtl-search resume {tmp_path / 'tiny'}" in errors
    assert "Traceback" not in errors + output
    before = records(tmp_path / "tiny")
    assert 5 <= len(before) < sum(WHOLE.values())
    resume_sweep(tmp_path / "tiny", inline=True)
    check_whole(tmp_path / "tiny", before)
