"""Published: gauges are set anew while nobody does, counters grow once."""

import math
import time
from collections.abc import Mapping
from typing import Any

import pytest
from ray.util import metrics

from mtl_search.monitoring.metrics import BEST_DELTA_M, EPOCHS
from mtl_search.search.executors import published as module
from mtl_search.search.executors.published import Published


class Fake:
    """A gauge and a counter of Ray's."""

    def __init__(self, name: str, about: str, tag_keys: tuple[str, ...]) -> None:
        self.name, self.tag_keys = name, tag_keys

    def set(self, value: float, tags: Mapping[str, str]) -> None:
        assert {*tags} == {*self.tag_keys}
        self.recorded.append((self.name, value, tags))

    inc = set
    recorded: list[tuple[str, float, Mapping[str, str]]]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, Mapping[str, str]]]:
    found: list[tuple[str, float, Mapping[str, str]]] = []
    made: Any = type("Made", (Fake,), {"recorded": found})
    monkeypatch.setattr(metrics, "Gauge", made)
    monkeypatch.setattr(metrics, "Counter", made)
    monkeypatch.setattr(module, "EVERY", 0.01)
    return found


def test_gauges_are_set_anew_until_the_end(recorded: list[Any]) -> None:
    published = Published("tiny")
    published.set(BEST_DELTA_M, {("search",): 1.5, ("single_task",): math.nan})
    published.add(EPOCHS, 3, "search", "0")
    published.add(EPOCHS, 0, "search", "0")  # Ray refuses to let a counter grow by nothing
    end = time.monotonic() + 30
    while len(recorded) < 6 and time.monotonic() < end:
        time.sleep(0.01)
    published.close()
    number = len(recorded)
    gauge = ("mtl_search_best_delta_m", 1.5, {"sweep": "tiny", "arm": "search"})
    counter = ("mtl_search_epochs", 3.0, {"sweep": "tiny", "arm": "search", "slot": "0"})
    assert number >= 6
    assert recorded.count(gauge) == number - 1
    assert recorded.count(counter) == 1
    time.sleep(0.05)
    assert len(recorded) == number


def test_what_a_gauge_is_not_given_any_more_is_let_go_of(recorded: list[Any]) -> None:
    published = Published("tiny")
    published.set(BEST_DELTA_M, {("search",): 1.0})
    published.set(BEST_DELTA_M, {("mine",): 2.0})
    published.close()
    recorded.clear()
    published._record(BEST_DELTA_M)
    assert [tags["arm"] for _, _, tags in recorded] == ["mine"]
