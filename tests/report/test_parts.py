import json
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.records import Difference, SummaryRecord
from mtl_search.report.parts import gain_parts
from mtl_search.report.tables import Tables


@pytest.fixture
def chosen(tables: Tables) -> SummaryRecord:
    (row,) = (row for row in tables.summary if row.chosen)
    return row


def bars(row: SummaryRecord) -> list[dict[str, Any]]:
    return json.loads(gain_parts(row).panels[0].json)["data"]


def test_the_parts_add_up_and_have_their_intervals(chosen: SummaryRecord) -> None:
    both, sharing, tuning = bars(chosen)
    assert both["x"][0] == pytest.approx(sharing["x"][0] + tuning["x"][0], rel=1e-3)
    assert sharing["x"][0] == pytest.approx(chosen.gain_of_sharing.difference, rel=1e-3)
    assert tuning["x"][0] == pytest.approx(chosen.gain_of_tuning.difference, rel=1e-3)
    low = sharing["x"][0] - sharing["error_x"]["arrayminus"][0]
    assert low == pytest.approx(chosen.gain_of_sharing.low, rel=1e-2)


def test_without_a_control_of_its_own_there_is_no_figure(chosen: SummaryRecord) -> None:
    assert gain_parts(None) is None
    assert gain_parts(replace(chosen, control=chosen.design_id)) is None
    assert gain_parts(replace(chosen, control=None, gain_of_sharing=Difference())) is None


def test_of_one_seed_there_are_bars_without_intervals(chosen: SummaryRecord) -> None:
    names = ("gain_of_tuning", "gain_of_sharing", "vs_single_task")
    nothing: Any = {name: Difference(getattr(chosen, name).difference) for name in names}
    assert bars(replace(chosen, **nothing))[1]["error_x"]["array"] == [None]
