import json
import math
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.report.costs import Costs, costs
from mtl_search.report.tables import Tables


def data(found: Costs | None, panel: int) -> list[dict[str, Any]]:
    return json.loads(found.figures[0].panels[panel].json)["data"]


def test_one_cost_is_shown_at_a_time_and_each_design_has_a_row(tables: Tables) -> None:
    found = costs(tables)
    assert found.figures[0].choice
    assert [panel.title for panel in found.figures[0].panels] == [
        "by parameters",
        "by networks",
        "by operations a row",
    ]
    assert len(found.rows) == len(tables.designs)
    controls = {design.design_id for design in tables.designs if design.arm == "control"}
    for panel in range(3):
        front, on_valid, on_test = data(found, panel)
        assert len(on_valid["x"]) == len(tables.designs) - len(controls)
        assert len(on_test["x"]) == len({row.design_id for row in tables.summary} - controls)
        assert front["y"] == sorted(front["y"])


def test_the_chosen_design_is_named_and_ticks_are_whole(tables: Tables) -> None:
    chosen, layout = tables.designs[0], json.loads(costs(tables).figures[0].panels[0].json)["layout"]
    (note,) = (note for note in layout["annotations"] if "recommended" in note["text"])
    assert note["x"] == pytest.approx(math.log10(chosen.n_params), rel=1e-3)
    assert all(text.strip("\u202fk")[0] in "125" for text in layout["xaxis"]["ticktext"])
    rows = {row[1]: row for row in costs(tables).rows}
    assert rows[chosen.design_id][0].endswith("(recommended)")


def test_an_outlier_is_named_at_the_edge_and_does_not_flatten_the_rest(tables: Tables) -> None:
    *others, last = (design for design in tables.designs if design.arm != "control")
    summary = [row for row in tables.summary if row.design_id != last.design_id]
    far = replace(tables, designs=[*others, replace(last, delta_m=-900.0)], summary=summary)
    layout = json.loads(costs(far).figures[0].panels[0].json)["layout"]
    assert layout["yaxis"]["range"][0] > -100
    assert any("900" in note["text"] for note in layout["annotations"])


def test_before_the_confirmation_only_validation_is_shown(unconfirmed: Tables) -> None:
    found = costs(unconfirmed)
    assert data(found, 0)[2]["x"] == []
    assert all(row[5] == row[6] == "–" for row in found.rows)


def test_without_designs_there_is_nothing_to_show(tables: Tables) -> None:
    assert costs(replace(tables, designs=tables.designs[:0])) is None
