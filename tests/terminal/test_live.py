"""The live view: in a terminal, in a file, at Ctrl-C, at the end; and the page that is written meanwhile."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from typing_extensions import override

from mtl_search.errors import LeaderboardError
from mtl_search.search import Dashboard, Snapshot, Step
from mtl_search.sweep import SweepSpec
from mtl_search.terminal import live as module
from mtl_search.terminal import live_page
from mtl_search.terminal.live import LiveView
from mtl_search.terminal.live_page import LivePage
from mtl_search.terminal.watching import watching
from mtl_search.terminal.words import plain_console
from tests.fixtures.data import tiny_dataset


def snapshot(done: int = 8) -> Snapshot:
    return Snapshot(Step.SEARCH, (), done, 0, None, 61.0, 0.0, None)


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
        view.waiting("waiting for CPUs")
        view.waiting("waiting for CPUs")
        view.stopping()
        view.ended(121.0, 112.0)
    first, *others = file.getvalue().splitlines()
    assert first == "search: 8 trials, 1:01 so far; best designs: none yet"
    assert others == ["waiting for CPUs", module.STOPPING, "took 2:01 (predicted at a third: 1:52)"]


def test_a_reader_that_has_left_stops_no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        @override
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Closed())
    console = plain_console()
    with pytest.raises(BrokenPipeError):
        console.print("seen by nobody")
    with LiveView(console) as view:
        view.stopping()
        view.ended(121.0, None)


def test_in_a_terminal_it_redraws_and_leaves_nothing_but_the_time_it_took() -> None:
    file = io.StringIO()
    view = LiveView(Console(file=file, width=100, force_terminal=True, highlight=False))
    with view:
        view._live.refresh()
        view.changed(snapshot())
        view._live.refresh()
        view.waiting("waiting for CPUs")
        view._live.refresh()
        view.stopping()
        view._live.refresh()
        for said in ("starting ...", "1:01 so far", "waiting for CPUs", "a second Ctrl-C stops at once"):
            assert said in file.getvalue()
    assert not view._live.is_started
    view.ended(9.0, None)
    assert file.getvalue().endswith("took 0:09\n")


def test_what_is_said_at_the_start(spec: SweepSpec, tmp_path: Path) -> None:
    file = io.StringIO()
    dataset = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
    executor: Any = SimpleNamespace(slots=3, dashboard=Dashboard("http://127.0.0.1:8265"))
    view = LiveView(Console(file=file, width=200, markup=False))
    view.started(spec, dataset, executor, tmp_path / "a[b]" / "tiny")
    text = file.getvalue()
    rows = (
        f"tiny: {len(dataset.train)} train and {len(dataset.valid)} valid rows, 2 tasks, 3 trials at a time"
    )
    assert rows in text
    assert f"results in {tmp_path}/a[b]/tiny\nRay dashboard: http://127.0.0.1:8265 (its token: " in text


def test_what_was_edited_is_told() -> None:
    file = io.StringIO()
    LiveView(Console(file=file, width=80)).edited(["budget.trials is 9 now, and was 3"])
    assert file.getvalue() == "changed since: budget.trials is 9 now, and was 3\n"


@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_says_nothing_but_writes_pages(
    quiet: bool, capsys: pytest.CaptureFixture[str], spec: SweepSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[Path] = []
    monkeypatch.setattr(live_page, "write_report", pages.append)
    dataset = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
    executor: Any = SimpleNamespace(slots=3, dashboard=None)
    with watching(quiet=quiet) as watch:
        watch.started(spec, dataset, executor, Path("results/tiny"))
        watch.changed(snapshot())
        watch.stopping()
        watch.ended(1.0, None)
        until(lambda: pages == [Path("results/tiny")])
    output, errors = capsys.readouterr()
    assert ("took 0:01" in output, module.STOPPING in output, errors) == (not quiet, not quiet, "")


def test_pages_go_on_after_one_that_failed_and_end_with_the_watch(
    spec: SweepSpec, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pages: list[Path] = []

    def write(path: Path) -> None:
        pages.append(path)
        if len(pages) <= 2:
            raise LeaderboardError(str(path), "a page", "none")

    monkeypatch.setattr(live_page, "write_report", write)
    monkeypatch.setattr(live_page, "EVERY", 0.01)
    data: Any = None
    with LivePage() as page:
        page.started(spec, data, data, Path("here"))
        until(lambda: len(pages) > 3)
        page.stopping()
    count = len(pages)
    assert not page._thread.is_alive()
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said.startswith("the page of here was not written: LeaderboardError")
    time.sleep(0.05)
    assert len(pages) == count


def test_a_page_is_not_written_for_a_sweep_that_never_starts() -> None:
    with LivePage() as page:
        pass
    assert not page._thread.is_alive()


def test_the_view_ends_with_an_error() -> None:
    view = LiveView(Console(file=io.StringIO(), force_terminal=True))

    def watch() -> None:
        with view:
            assert view._live.is_started
            raise ValueError("defect")

    with pytest.raises(ValueError, match="defect"):
        watch()
    assert not view._live.is_started


def until(holds: Callable[[], bool]) -> None:
    """Wait for another thread."""
    end = time.monotonic() + 10.0
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
