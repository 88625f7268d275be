"""The live view: what it shows of a snapshot, in a terminal and in a file."""

import io
import math
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from mtl_search.records import Phase
from mtl_search.search import ArmProgress, Snapshot, Watch
from mtl_search.sweep import SweepSpec
from mtl_search.terminal import live as module
from mtl_search.terminal.live import LiveView, draw, watching
from tests.fixtures.data import tiny_dataset

ARMS = (
    ArmProgress("single_task", 3, 1, 0, 0, 4, 0.0),
    ArmProgress("search", 2, 1, 1, 2, 9, 1.234),
    ArmProgress("mine", 0, 0, 0, 0, 9, math.nan),
)


def snapshot(**changes: Any) -> Snapshot:
    values: dict[str, Any] = {
        "phase": Phase.SEARCH,
        "arms": ARMS,
        "done": 8,
        "planned": 22,
        "seconds": 61.0,
        "seconds_left": 107.0,
        "note": "a pair",
    }
    return Snapshot(**{**values, **changes})


def shown(view: Snapshot, age: float = 0.0) -> list[list[str]]:
    """The words of each line."""
    console = Console(file=io.StringIO(), width=120)
    console.print(draw(view, age))
    return [line.split() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_arms_in_their_rows() -> None:
    lines = shown(snapshot())
    assert lines[0] == ["arm", "trials", "running", "pruned", "failed", "best", "design"]
    assert lines[1] == ["single_task", "4/4", "1", "0.00", "%"]
    assert lines[2] == ["search", "4/9", "2", "1", "1", "+1.23", "%"]
    assert lines[3] == ["mine", "0/9"]


def test_progress_time_and_reason() -> None:
    lines = [" ".join(line) for line in shown(snapshot())]
    assert any("8 trials 1:01 so far, about 1:47 left" in line for line in lines)
    assert "chosen: a pair" in lines


def test_the_clock_runs_on_between_snapshots() -> None:
    text = "\n".join(" ".join(line) for line in shown(snapshot(), age=10.0))
    assert "1:11 so far, about 1:37 left" in text
    assert "about 0:00 left" in "\n".join(" ".join(line) for line in shown(snapshot(), age=999.0))


def test_time_left_is_unknown_at_first_and_under_hours() -> None:
    hours = tuple(ArmProgress(a.name, a.complete, a.pruned, a.failed, a.running, None, a.best) for a in ARMS)
    lines = shown(snapshot(arms=hours, planned=None, seconds_left=None, note=""))
    assert lines[2][:2] == ["search", "4"]
    text = "\n".join(" ".join(line) for line in lines)
    assert "left" not in text
    assert "chosen" not in text


@pytest.fixture
def spec(tiny_spec: Callable[..., SweepSpec]) -> SweepSpec:
    return tiny_spec()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time, to be set."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_in_a_file_a_line_now_and_then(clock: list[float]) -> None:
    file = io.StringIO()
    with LiveView(Console(file=file, width=40)) as view:
        view.changed(snapshot())
        assert file.getvalue() == "", "not at once"
        clock[0] += module.LINE_EVERY
        view.changed(snapshot())
        clock[0] += 1.0
        view.changed(snapshot(done=9))
    (line,) = file.getvalue().splitlines()
    assert line.startswith("search: 8 of 22 trials, 1:01 so far, about 1:47 left; best designs: ")
    assert "single_task 0.00 %, search +1.23 %" in line
    assert "mine" not in line


def test_a_line_without_any_design(clock: list[float]) -> None:
    file = io.StringIO()
    with LiveView(Console(file=file, width=200)) as view:
        clock[0] += module.LINE_EVERY
        view.changed(snapshot(phase=Phase.CONFIRMATION, arms=ARMS[2:], planned=None, seconds_left=None))
    assert file.getvalue().strip() == "confirmation: 8 trials, 1:01 so far; best designs: none yet"


def test_in_a_terminal_it_redraws_and_leaves_nothing(spec: SweepSpec, tmp_path: Path) -> None:
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=True)
    with LiveView(console) as view:
        view.changed(snapshot())
        view._live.refresh()
        assert "search" in file.getvalue()
    assert not view._live.is_started


def test_what_is_said_at_the_start(spec: SweepSpec, tmp_path: Path) -> None:
    file = io.StringIO()
    dataset = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
    executor: Any = SimpleNamespace(slots=3, dashboard="127.0.0.1:8265")
    view = LiveView(Console(file=file, width=200, markup=False))
    view.started(spec, dataset, executor, tmp_path / "a[b]" / "tiny")
    text = file.getvalue()
    rows = (
        f"tiny: {len(dataset.train)} train and {len(dataset.valid)} valid rows, 2 tasks, 3 trials at a time"
    )
    assert rows in text
    assert f"results in {tmp_path}/a[b]/tiny, Ray dashboard at http://127.0.0.1:8265" in text


def test_quiet_is_silent(capsys: pytest.CaptureFixture[str], spec: SweepSpec, tmp_path: Path) -> None:
    dataset = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
    executor: Any = SimpleNamespace(slots=3, dashboard="")
    with watching(quiet=True) as watch:
        assert type(watch) is Watch
        watch.started(spec, dataset, executor, tmp_path)
        watch.changed(snapshot())
    assert capsys.readouterr() == ("", "")


def test_otherwise_there_is_a_view() -> None:
    with watching(quiet=False) as watch:
        assert isinstance(watch, LiveView)


def test_the_view_ends_with_an_error() -> None:
    view = LiveView(Console(file=io.StringIO(), force_terminal=True))

    def watch() -> None:
        with view:
            assert view._live.is_started
            raise ValueError("defect")

    with pytest.raises(ValueError, match="defect"):
        watch()
    assert not view._live.is_started
