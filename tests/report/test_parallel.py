import itertools
import json
import math
from dataclasses import replace

import pandas as pd
import pytest

from mtl_search.report.parallel import axis, parallel_lines
from mtl_search.report.tables import Tables


def test_numbers_lie_between_their_ends() -> None:
    places, ticks = axis(pd.Series([1.0, 2.0, 5.0]))
    assert places == [0.0, 0.25, 1.0]
    assert ticks == [(0.0, "1"), (1.0, "5")]


def test_wide_positive_numbers_lie_on_a_log_scale() -> None:
    assert axis(pd.Series([1e-4, 1e-3, 1e-1]))[0] == pytest.approx([0.0, 1 / 3, 1.0])


def test_what_a_trial_lacks_lies_below() -> None:
    assert axis(pd.Series([1.0, math.nan, 3.0]))[0][1] < 0
    places, ticks = axis(pd.Series(["equal", None, "fixed"], dtype=object))
    assert places[1] < 0
    assert [name for _, name in ticks] == ["equal", "fixed"]


def test_yes_and_no() -> None:
    places, ticks = axis(pd.Series([True, False]))
    assert places == [1.0, 0.0]
    assert [name for _, name in ticks] == ["no", "yes"]


def test_a_constant_has_a_place() -> None:
    assert axis(pd.Series([2.0, 2.0]))[0] == [0.0, 0.0]
    assert axis(pd.Series(["a", "a"]))[0] == [0.0, 0.0]


def test_every_network_of_the_search_is_a_line(tables: Tables) -> None:
    traces = json.loads(parallel_lines(tables).panels[0].json)["data"]
    of_search = tables.evidence[tables.evidence["arm"] == "search"]
    n = int(of_search["mean_gain"].notna().sum())
    assert len(traces) == 5
    assert sum(trace["x"].count(None) for trace in traces) == n
    axes = max(x for x in traces[0]["x"] if x is not None)
    last = [[y for x, y in zip(t["x"], t["y"], strict=True) if x == axes] for t in traces]
    assert all(max(worse) <= min(better) for worse, better in itertools.pairwise(last))


def test_many_networks_are_thinned(tables: Tables) -> None:
    many = pd.concat([tables.trials] * 12, ignore_index=True)
    many["trial_id"] = [str(i) for i in range(len(many))]
    traces = json.loads(parallel_lines(replace(tables, trials=many)).panels[0].json)["data"]
    assert sum(trace["x"].count(None) for trace in traces) == 400


def test_too_few_networks_are_not_drawn(tables: Tables) -> None:
    assert parallel_lines(replace(tables, trials=tables.trials[:2])) is None
