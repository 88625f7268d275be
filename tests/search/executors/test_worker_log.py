"""A worker's log: one line a trial, however it ends."""

import logging
from typing import Any

import pytest

from mtl_search.monitoring.metrics import DEVICE_SECONDS, EPOCHS, ROWS, WORKER_MEMORY
from mtl_search.records import EpochReport, TrialState
from mtl_search.search.executors.worker_log import WorkerLog
from mtl_search.search.jobs import Job
from mtl_search.training import Progress, Score, TrialConfig, TrialOutcome

CONFIG = TrialConfig.model_validate(
    {
        "members": ("cost", "ill"),
        "sharing": "cost ill / cost | ill",
        "trunk": {"name": "mlp", "stages": 2, "width": 8},
        "epochs": 3,
    }
)


class Noted:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.added: list[Any] = []
        self.gauges: dict[Any, Any] = {}

    def add(self, counter: Any, value: float, *tags: str) -> None:
        self.added.append((counter, value, tags))

    def set(self, gauge: Any, values: Any) -> None:
        self.gauges[gauge] = values


def job(trial_id: str) -> Job:
    return Job(trial_id, CONFIG, 7, Score({}), arm="search")


def epoch(trial_id: str, number: int, outcome: TrialOutcome | None = None) -> Progress:
    return Progress(
        trial_id, EpochReport(number, {}, {}, {}, 0.5 * number, 0.1), outcome is not None, outcome
    )


DONE = TrialOutcome(TrialState.COMPLETE, 3, 2, 1.25, ())
BROKE = TrialOutcome(TrialState.FAILED, 1, None, float("nan"), (), "ValueError: no\nin a.py")


def test_a_line_says_what_it_was_and_how_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    log = WorkerLog(rows=100)
    with caplog.at_level(logging.INFO):
        log.began([job("search-0000")], 0)
        log.stepped([epoch("search-0000", 1), epoch("search-0000", 2)], 0.5)
        assert caplog.messages == []
        log.stepped([epoch("search-0000", 3, DONE)], 0.5)
        log.began([job("search-0001")], 0)
        log.stepped([epoch("search-0001", 1), Progress("search-0001", None, False, BROKE)], 0.5)
        log.began([job("search-0002")], 0)
        log.stepped([epoch("search-0002", 1)], 0.5)
        log.began([job("search-0003")], 1)
        log.stopped()
        log.stopped()
    lines = [message.partition(" seconds=")[0] for message in caplog.messages]
    what = "arm=search members=cost,ill sharing='cost ill / cost | ill'"
    assert lines == [
        f"search-0000 {what} epochs=3/3 score=1.2500 state=complete",
        f"search-0001 {what} epochs=1/3 score=nan state=failed",
        f"search-0002 {what} epochs=1/3 score=0.5000 state=stopped",
        f"search-0003 {what} epochs=0/3 score=nan state=stopped",
    ]
    assert caplog.messages[1].endswith(" error='ValueError: no'")


def test_what_a_step_did_is_published_by_arm_and_slot() -> None:
    noted: Any = Noted()
    log = WorkerLog(100, noted)
    log.began([job("search-0000")], 1)
    log.stepped([epoch("search-0000", 1), epoch("search-0000", 2)], 0.75)
    where = ("search", "1")
    assert noted.added == [(EPOCHS, 2, where), (ROWS, 200, where), (DEVICE_SECONDS, 0.75, where)]
    assert noted.gauges[WORKER_MEMORY].keys() == {("1",)}
    assert noted.gauges[WORKER_MEMORY]["1",] > 2**20
