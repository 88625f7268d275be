"""Boosted trees beside the networks: a made-up sweep of which one reference is said to be of trees."""

import json
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.report.answer import answer
from mtl_search.report.costs import costs
from mtl_search.report.evidence import evidence
from mtl_search.report.tables import Tables
from mtl_search.report.words import gain


@pytest.fixture
def with_trees(tables: Tables) -> Tables:
    """The tables with the design of an arm in the place of that of boosted trees."""

    def renamed(row: Any) -> Any:
        return replace(row, arm="trees", arms=("trees",)) if row.arm == "pcgrad_shared" else row

    trials = tables.trials.assign(arm=tables.trials["arm"].replace("pcgrad_shared", "trees"))
    designs, summary = map(renamed, tables.designs), map(renamed, tables.summary)
    return replace(tables, trials=trials, designs=list(designs), summary=list(summary))


def test_each_task_has_them_beside_its_network(tables: Tables, with_trees: Tables) -> None:
    trees = {row.task: row.gain for row in with_trees.boosted_trees.tasks}
    served = [one for network in answer(with_trees).networks for one in network.serves]
    assert {one.task: one.by_trees for one in served} == {task: gain(one) for task, one in trees.items()}
    assert {one.by_trees for network in answer(tables).networks for one in network.serves} == {""}


def test_they_are_a_line_where_networks_have_a_size(tables: Tables, with_trees: Tables) -> None:
    (shape,) = json.loads(costs(with_trees).figures[0].panels[0].json)["layout"]["shapes"]
    assert shape["y0"] == shape["y1"] == pytest.approx(with_trees.boosted_trees.delta_m, rel=1e-3)
    assert json.loads(costs(tables).figures[0].panels[0].json)["layout"]["shapes"] == []


def test_they_are_called_by_their_name(with_trees: Tables) -> None:
    names = [name for name, *_ in evidence(with_trees).figures[1].legend]
    assert any(name.startswith("boosted trees") for name in names)
