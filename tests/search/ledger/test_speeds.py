"""Speeds: what trainings teach of those to come."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mtl_search.arm_names import LINEAR, SEARCH, SHARED_EQUAL, SINGLE_TASK, TREES
from mtl_search.records import Phase, TrialRecord, TrialState
from mtl_search.search.ledger.speeds import Speeds, Typical

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def record(arm: str, trained: float, waited: float = 0.0, **changes: Any) -> TrialRecord:
    values: dict[str, Any] = {
        "sweep": "s", "arm": arm, "phase": Phase.SEARCH, "trial_id": "t", "config_id": "c", "seed": 0,
        "state": TrialState.COMPLETE, "members": ("age",), "sharing": "age", "weighting": "equal",
        "params": {}, "config": "{}", "data": "d", "started": BEGAN, "epochs": 10,
        "finished": BEGAN + timedelta(seconds=trained + waited), "train_seconds": trained,
    }  # fmt: skip
    return TrialRecord(**{**values, **changes})


def learned(*records: TrialRecord) -> Speeds:
    speeds = Speeds()
    for one in records:
        speeds.learn(one)
    return speeds


def test_the_start_of_workers_is_no_part_of_a_trial() -> None:
    others = [record(SINGLE_TASK, 2.0, 0.1) for _ in range(4)]
    speeds = learned(record(SINGLE_TASK, 2.0, 8.0), *others)
    assert speeds.trial(SINGLE_TASK, None) == pytest.approx((4 * 2.1 + 2.2) / 5)
    assert speeds.held() == pytest.approx(4 * 2.1 + 2.2)
    assert speeds.held(1) == pytest.approx(4 * 2.1)


def test_what_took_no_time_or_was_lost_says_nothing() -> None:
    speeds = learned(record(SEARCH, 1.0, duplicate_of="x"), record(SEARCH, 1.0, lost=True))
    assert (speeds.known, speeds.trial(SEARCH, None), speeds.network("c", on_test=True)) == (0, None, None)


def test_stopped_trials_count_for_a_trial_and_not_for_a_whole_training() -> None:
    speeds = learned(record(SEARCH, 4.0), record(SEARCH, 1.0, state=TrialState.PRUNED))
    assert (speeds.trial(SEARCH, None), speeds.whole(SEARCH, None)) == (2.5, 4.0)


def test_a_network_takes_as_long_as_it_did_on_test_if_it_was_there() -> None:
    speeds = learned(record(SEARCH, 4.0, config_id="x"), record(SEARCH, 9.0, config_id="y"))
    assert speeds.network("x", on_test=True) == 4.0
    speeds.learn(record(SEARCH, 5.0, config_id="x", phase=Phase.CONFIRMATION))
    assert (speeds.network("x", on_test=True), speeds.network("x", on_test=False)) == (5.0, 4.0)


def references() -> Iterator[TrialRecord]:
    """Of networks that take 1 s an epoch for 10,000 FLOPs and 0.1 s more for each member after the first."""
    for epochs in (5, 10, 15):
        yield record(LINEAR, 0.001 * epochs, epochs=epochs)
        yield record(SINGLE_TASK, epochs, epochs=epochs, flops=10_000)
        yield record(SHARED_EQUAL, 1.3 * epochs, epochs=epochs, flops=10_000, members=("a", "b", "c", "d"))


def test_an_arm_is_known_by_its_networks_before_it_has_any() -> None:
    speeds = learned(*references())
    expected = 10 * (2.0 + 0.1)
    assert speeds.trial(SEARCH, Typical(2, 20_000)) == pytest.approx(expected, rel=0.05)
    assert speeds.trial(SEARCH, Typical(2, 20_000, complete=0.0)) == pytest.approx(0.3 * expected, rel=0.05)
    speeds.learn(record(TREES, 500.0))
    assert speeds.trial(SEARCH, Typical(2, 20_000)) == pytest.approx(expected, rel=0.05), "trees differ"


def test_the_first_trials_of_an_arm_need_not_be_typical() -> None:
    speeds = learned(*references())
    speeds.learn(record(SEARCH, 10 * 4.3, flops=40_000, members=("a", "b", "c", "d")))
    assert speeds.trial(SEARCH, Typical(2, 20_000)) == pytest.approx(21.0, rel=0.15)
    for _ in range(200):
        speeds.learn(record(SEARCH, 60.0, flops=40_000, members=("a", "b", "c", "d")))
    assert speeds.trial(SEARCH, Typical(2, 20_000)) == pytest.approx(60.0, rel=0.1), "enough of them are"
