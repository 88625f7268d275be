import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from mtl_search.analysis.design_history import best_designs, in_order
from mtl_search.report.history import best_so_far, every_trial
from mtl_search.report.tables import Tables


def traces(figure: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(figure.panels[0].json)["data"]
    return found


def test_a_line_for_each_arm_that_has_a_design_rises(tables: Tables) -> None:
    *lines, replicated_or_last, tested = traces(best_so_far(tables))
    assert all(line["y"] == sorted(line["y"]) for line in lines)
    assert tested["x"] == [len(in_order(tables.trials))]
    assert "on test" in tested["text"][0]
    assert replicated_or_last["x"]


def test_the_last_is_the_best_design_of_all(tables: Tables) -> None:
    """Of the networks of all arms it is what composing all of them at once finds."""
    table = best_designs(tables.trials, tables.metrics, tables.tasks, max_networks=3)
    last = table[table["arm"] == "pooled"].iloc[-1]
    best = max(one.delta_m for one in tables.designs if "pooled" in one.arms)
    assert last["delta_m"] == pytest.approx(best, abs=1e-5)
    assert last["n_networks"] <= 3
    alone = table[table["arm"] == "single_task"].iloc[-1]
    assert (alone["n_networks"], alone["delta_m"]) == (5, pytest.approx(0.0, abs=1e-9))


def test_before_the_confirmation_nothing_is_marked(unconfirmed: Tables) -> None:
    figure = best_so_far(unconfirmed)
    assert not [name for name, *_ in figure.legend if name in ("on test", "after replication")]
    assert all(trace["mode"] == "lines+markers" for trace in traces(figure))


def test_a_sweep_whose_networks_do_not_serve_every_task_has_no_line(tables: Tables) -> None:
    one = tables.trials[tables.trials["members"].map(lambda names: list(names) == ["log_stay"])]
    assert best_so_far(replace(tables, trials=one)) is None
    none = replace(tables, trials=tables.trials[:0], metrics=tables.metrics[:0], designs=[], summary=[])
    assert best_so_far(none) is None
    assert every_trial(none) is None


def test_a_point_says_what_it_is(tables: Tables) -> None:
    points = traces(every_trial(tables))
    assert sum(len(trace["x"]) for trace in points) == int(
        tables.trials.query("phase == 'search'")["mean_gain"].notna().sum()
    )
    assert points[0]["text"][0].startswith("single_task-")
    assert isinstance(tables.trials["finished"].iloc[0], pd.Timestamp)
