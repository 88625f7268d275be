"""The board: it asks for every metric there is and no other, and its panels lie side by side."""

import json
import re
from typing import Any

import pytest

from mtl_search.monitoring import METRICS, board, is_board
from mtl_search.monitoring.grafana import COLUMNS


@pytest.fixture
def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = board()["panels"]
    return found


def test_it_asks_for_every_metric_there_is(panels: list[dict[str, Any]]) -> None:
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    assert {name for query in queries for name in re.findall(r"ray_\w+", query)} == {
        metric.exported for metric in METRICS
    }
    for query in queries:
        assert query.count('{sweep=~"$sweep"}') == len(re.findall(r"ray_\w+", query))
        assert all(
            ("rate(" + name in query) == name.endswith("_total") for name in re.findall(r"ray_\w+", query)
        )


def test_tags_in_its_queries_are_those_of_the_metric(panels: list[dict[str, Any]]) -> None:
    tags = {metric.exported: {"sweep", *metric.tags} for metric in METRICS}
    for panel in panels:
        for target in panel["targets"]:
            asked = {
                tag for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for tag in group.split(", ")
            }
            for name in re.findall(r"ray_\w+", target["expr"]):
                assert asked <= tags[name]
            assert {*re.findall(r"{{(\w+)}}", target["legendFormat"])} <= asked


def test_no_panel_covers_another(panels: list[dict[str, Any]]) -> None:
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        here = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not here & cells
        assert max(x for x, _ in here) < COLUMNS
        cells |= here
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_metrics_are_tagged_by_nothing_that_there_are_thousands_of() -> None:
    assert {tag for metric in METRICS for tag in metric.tags} == {"arm", "slot", "state"}
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_a_board_is_known_after_a_round_trip() -> None:
    assert is_board(json.loads(json.dumps(board())))
    assert not is_board({"uid": "other"})
    assert not is_board([1])
