"""The figure of what was believed of sets."""

import json
from dataclasses import replace

import pytest

from mtl_search.report.foretold import beliefs
from mtl_search.report.tables import Tables


def test_a_point_for_each_task_of_each_new_set(tables: Tables) -> None:
    found = beliefs(tables)
    assert found is not None
    (drawing,) = found.panels
    points = json.loads(drawing.json)["data"][1]
    assert len(points["x"]) == len(points["y"]) == len(points["text"]) > 20
    assert f"of {len(points['x'])} tasks" in found.note
    assert all("explore never trained" in text for text in points["text"])


def test_the_largest_surprises_are_listed(tables: Tables) -> None:
    found = beliefs(tables)
    assert found is not None
    assert len(found.listed) == 5
    assert all(" in {" in name and "expected" in said for name, said in found.listed)


@pytest.mark.parametrize("rows", [0, 3])
def test_without_beliefs_there_is_none(tables: Tables, rows: int) -> None:
    assert beliefs(replace(tables, beliefs=tables.beliefs.head(rows))) is None
