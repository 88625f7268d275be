import json
from typing import Any

import pytest

from mtl_search.analysis.frames import rows_of
from mtl_search.report.parts import gain_parts
from mtl_search.report.tables import Tables


@pytest.fixture
def chosen(tables: Tables) -> dict[str, Any]:
    (row,) = (row for row in rows_of(tables.summary) if row["chosen"])
    return row


def bars(row: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(gain_parts(row).panels[0].json)["data"]


def test_the_parts_add_up_and_have_their_intervals(chosen: dict[str, Any]) -> None:
    both, sharing, tuning = bars(chosen)
    assert both["x"][0] == pytest.approx(sharing["x"][0] + tuning["x"][0], rel=1e-3)
    assert sharing["x"][0] == pytest.approx(chosen["gain_of_sharing"], rel=1e-3)
    assert tuning["x"][0] == pytest.approx(chosen["gain_of_tuning"], rel=1e-3)
    low = sharing["x"][0] - sharing["error_x"]["arrayminus"][0]
    assert low == pytest.approx(chosen["gain_of_sharing_low"], rel=1e-2)


def test_without_a_control_of_its_own_there_is_no_figure(chosen: dict[str, Any]) -> None:
    assert gain_parts(None) is None
    assert gain_parts({**chosen, "control": chosen["design_id"]}) is None
    assert gain_parts({**chosen, "control": None, "gain_of_sharing": float("nan")}) is None


def test_of_one_seed_there_are_bars_without_intervals(chosen: dict[str, Any]) -> None:
    nothing = {
        f"{name}_{end}": float("nan")
        for name in ("gain_of_tuning", "gain_of_sharing", "vs_single_task")
        for end in ("low", "high")
    }
    assert bars({**chosen, **nothing})[1]["error_x"]["array"] == [None]
