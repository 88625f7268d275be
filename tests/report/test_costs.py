import json
from dataclasses import replace
from typing import Any

from mtl_search.report.costs import Costs, costs
from mtl_search.report.tables import Tables


def data(found: Costs | None, panel: int) -> list[dict[str, Any]]:
    return json.loads(found.figures[0].panels[panel].json)["data"]


def test_there_is_a_panel_for_each_cost_and_a_row_for_each_design(tables: Tables) -> None:
    found = costs(tables)
    assert [panel.title for panel in found.figures[0].panels] == [
        "networks",
        "parameters",
        "operations a row",
    ]
    assert len(found.rows) == len(tables.designs)
    for panel in range(3):
        front, on_valid, on_test = data(found, panel)
        assert len(on_valid["x"]) == len(tables.designs)
        assert len(on_test["x"]) == len(tables.summary)
        assert front["y"] == sorted(front["y"])


def test_before_the_confirmation_only_validation_is_shown(unconfirmed: Tables) -> None:
    found = costs(unconfirmed)
    assert data(found, 0)[2]["x"] == []
    assert all(row[-1] == row[3] == "–" for row in found.rows)


def test_without_designs_there_is_nothing_to_show(tables: Tables) -> None:
    assert costs(replace(tables, designs=tables.designs[:0])) is None
