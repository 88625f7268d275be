"""The clock of a run: work, without the start of workers."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.search.forecast.clock import RunClock, time_in_training


def test_work_begins_with_an_epoch_and_later_starts_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [5.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = RunClock(0.0)
    assert (clock.seconds, clock.working, clock.is_starting, clock.start) == (5.0, 0.0, False, 0.0)

    def after(seconds: float) -> None:
        now[0] += seconds

    clock.opened()
    after(8.0)
    assert (clock.working, clock.is_starting) == (0.0, True)
    clock.worked()
    after(10.0)
    clock.worked()
    assert (clock.working, clock.is_starting, clock.start) == (10.0, False, 8.0)
    clock.opened()
    after(6.0)
    assert (clock.working, clock.is_starting) == (10.0, True)
    clock.worked()
    after(1.0)
    assert (clock.seconds, clock.working, clock.start) == (30.0, 11.0, 6.0)


@pytest.mark.parametrize(
    ("trials", "seconds"),
    [([], 0.0), ([(0, 4)], 4.0), ([(0, 4), (2, 5)], 5.0), ([(10, 12), (0, 4), (1, 2)], 6.0)],
)
def test_time_in_training_counts_no_second_twice(trials: list[tuple[int, int]], seconds: float) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    records: Any = [
        SimpleNamespace(started=began + timedelta(seconds=start), finished=began + timedelta(seconds=end))
        for start, end in trials
    ]
    assert time_in_training(records) == seconds
