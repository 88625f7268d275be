import json
from dataclasses import replace
from typing import Any

import pandas as pd

from mtl_search.report.dynamics import learning_rates, task_curves, weight_curves
from mtl_search.report.figures import Figure
from mtl_search.report.tables import Tables


def data(figure: Figure | None, panel: int = 0) -> list[dict[str, Any]]:
    return json.loads(figure.panels[panel].json)["data"]


def test_each_arm_has_a_line_over_the_learning_rate(tables: Tables) -> None:
    figure = learning_rates(tables)
    assert len(data(figure)) == len(figure.legend) == len(tables.trained)
    assert all(": spread" in name for name, _, _ in figure.legend)
    assert all(line["x"] == sorted(line["x"]) for line in data(figure))


def test_trials_without_a_learning_rate_have_no_figure(tables: Tables) -> None:
    assert (
        learning_rates(
            replace(tables, trials=tables.trials.assign(params=pd.Series([{}] * len(tables.trials))))
        )
        is None
    )


def test_each_moving_weighting_has_a_panel_with_a_line_a_task(tables: Tables) -> None:
    figure = weight_curves(tables)
    assert {panel.title for panel in figure.panels} == {
        "fixed",
        "uncertainty",
        "pcgrad",
    }  # equal does not move
    assert len(data(figure)) == len(tables.tasks)


def test_each_main_task_has_a_panel_with_a_line_an_arm(tables: Tables) -> None:
    figure = task_curves(tables)
    assert [panel.title.split(",")[0] for panel in figure.panels] == list(tables.main)
    assert len(data(figure)) == len(tables.trained)
    assert data(figure)[0]["x"] == list(range(1, 13))


def test_without_histories_there_are_no_curves(tables: Tables) -> None:
    none = replace(tables, epochs=tables.epochs[:0])
    assert weight_curves(none) is None
    assert task_curves(none) is None
