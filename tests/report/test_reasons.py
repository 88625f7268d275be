import json
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.analysis import affinity
from mtl_search.report.figures import Figure
from mtl_search.report.reasons import reasons
from mtl_search.report.tables import Tables


def by_key(tables: Tables) -> dict[str, Any]:
    return {figure.key: figure for figure in reasons(tables)}


def only_trace(figure: Figure) -> dict[str, Any]:
    (trace,) = json.loads(figure.panels[0].json)["data"]
    return trace


def test_all_that_can_be_told_is_there(tables: Tables) -> None:
    assert list(by_key(tables)) == [
        "affinity",
        "importance",
        "beliefs",
        "choices",
        "rates",
        "weights",
        "learning",
    ]


def test_the_heat_map_is_the_affinity(tables: Tables) -> None:
    trace = only_trace(by_key(tables)["affinity"])
    table: Any = affinity(tables.trials, tables.metrics, tables.tasks).set_index(["task", "companion"])
    row, column = trace["y"].index("log_stay"), trace["x"].index("log_charges")
    effect = table.loc[("log_stay", "log_charges")]
    assert trace["z"][row][column] == pytest.approx(effect["effect"], rel=1e-3)
    assert trace["text"][row][column].startswith("<b>") == (effect["p_holm"] < 0.05)
    assert f"{effect['n_with']:g} trials with" in trace["hovertext"][row][column]
    assert all(trace["z"][at][at] is None for at in range(6))


def test_importance_has_the_mean_gain_first(tables: Tables) -> None:
    trace = only_trace(by_key(tables)["importance"])
    assert trace["x"][0] == "delta_m"
    assert set(trace["x"][1:]) == set(tables.tasks["task"])
    assert len(trace["y"]) <= 12


def test_choices_are_split_and_weighting(tables: Tables) -> None:
    figure = by_key(tables)["choices"]
    stages, weightings = (json.loads(panel.json) for panel in figure.panels)
    assert stages["layout"]["xaxis"]["categoryarray"] == ["1", "2", "3"]
    assert set(weightings["layout"]["xaxis"]["categoryarray"]) == {"equal", "fixed", "uncertainty", "pcgrad"}


def test_what_the_trials_do_not_tell_has_no_figure(tables: Tables) -> None:
    alone = tables.trials[tables.trials["arm"] == "single_task"]
    found = by_key(replace(tables, trials=alone, designs=[], summary=[]))
    assert not {"affinity", "choices", "weights"} & set(found)
    assert "learning" in found


def test_of_no_trial_there_is_no_reason(tables: Tables) -> None:
    parts = {
        name: getattr(tables, name)[:0] for name in ("trials", "metrics", "epochs", "designs", "summary")
    }
    none = replace(tables, **parts)
    assert reasons(none) == ()
