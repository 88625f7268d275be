import json
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.report.evidence import Evidence, evidence
from mtl_search.report.figures import Figure
from mtl_search.report.tables import Tables
from mtl_search.report.words import amount, gain, interval, value


def traces(figure: Figure, panel: int = 0) -> list[dict[str, Any]]:
    return json.loads(figure.panels[panel].json)["data"]


def cells(found: Evidence | None) -> list[dict[str, str]]:
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_before_the_confirmation_there_is_no_evidence(unconfirmed: Tables) -> None:
    assert evidence(unconfirmed) is None


def test_every_confirmed_design_is_a_row_and_a_point(tables: Tables) -> None:
    found = evidence(tables)
    assert len(found.rows) == len(tables.summary)
    against_single, against_tuned = traces(found.figures[0])
    assert len(against_single["x"]) == len(tables.summary) - 1  # all but itself
    assert len(against_tuned["x"]) == len(tables.summary) - 1


def test_the_points_are_the_differences_with_their_intervals(tables: Tables) -> None:
    (row,) = (row for row in tables.summary if row.chosen)
    (trace, _) = traces(evidence(tables).figures[0])
    at = len(trace["x"]) - 1  # drawn from the bottom, the recommended one on top
    assert trace["x"][at] == pytest.approx(row.vs_single_task.difference, rel=1e-4)
    high = trace["x"][at] + trace["error_x"]["array"][at]
    assert high == pytest.approx(row.vs_single_task.high, rel=1e-3)
    assert row.vs_single_task.verdict in trace["text"][at]


def test_the_reference_itself_has_no_verdict(tables: Tables) -> None:
    row = next(row for row in cells(evidence(tables)) if row["design"] == "single task")
    assert row["against single task"] == "–"
    assert row["against the best other reference"] != "–"


def test_primary_and_secondary_comparisons_are_told_apart(tables: Tables) -> None:
    first, *others = cells(evidence(tables))
    assert first["design"].endswith("(recommended, primary)")
    assert not any("primary" in row["design"] for row in others)
    figure = evidence(tables).figures[0]
    told = [text for trace in traces(figure) for text in trace["text"]]
    assert sum("(primary)" in text for text in told) == 2
    assert all("(primary)" in text or "(secondary, corrected)" in text for text in told)


def test_without_the_recommended_design_nothing_is_called_primary(tables: Tables) -> None:
    assert evidence(tables).primary
    lost = evidence(replace(tables, summary=[row for row in tables.summary if not row.chosen]))
    assert not lost.primary
    assert not any("primary" in row["design"] for row in cells(lost))


def test_a_verdict_has_beside_it_what_would_be_shown_and_what_is_provisional(tables: Tables) -> None:
    found = evidence(tables)
    (row,) = (row for row in tables.summary if row.chosen)
    assert cells(found)[0]["would be shown"] == gain(row.vs_single_task.smallest).lstrip("+")
    assert row.vs_single_task.smallest > 0
    assert found.provisional == row.provisional
    assert found.provisional


def test_budgets_are_in_trials_and_device_time(tables: Tables) -> None:
    row = next(row for row in cells(evidence(tables)) if row["design"].startswith("single task"))
    assert row["budget of its arm"].startswith("48 trials, ")


def test_tasks_are_shown_for_the_design_to_train_and_one_of_each_other_arm(tables: Tables) -> None:
    found = evidence(tables)
    assert len(found.task_columns) == 2 + len(tables.arms)
    assert [row[0] for row in found.task_rows] == list(tables.main)
    assert next(name for name, _, _ in found.figures[1].legend).startswith("search")
    assert len(traces(found.figures[1])) == len(tables.arms) - 1


def test_a_weight_stands_beside_its_task(tables: Tables) -> None:
    first, *others = tables.main
    weights = [0.5 if task == first else 1.0 for task in tables.tasks["task"]]
    found = evidence(replace(tables, tasks=tables.tasks.assign(weight=weights)))
    assert [row[0] for row in found.task_rows] == [f"{first} (weight 0.5)", *others]


def test_ensembles_have_a_column_and_a_table_of_their_own(tables: Tables) -> None:
    found = evidence(tables)
    for row, cell in zip(sorted(tables.summary, key=lambda row: not row.chosen), cells(found), strict=True):
        assert cell["ensemble"] == gain(row.ensemble_delta_m)
    assert "of all 5 seeds" in found.ensembles.about
    assert len(found.ensembles.rows) == len(found.rows)
    assert len(found.ensemble_task_rows) == len(found.task_rows)
    (chosen,) = (row for row in tables.summary if row.chosen)
    first = chosen.tasks[0]
    assert found.ensembles.rows[0][2:5] == (
        gain(chosen.ensemble_delta_m),
        interval(chosen.ensemble_delta_m_low, chosen.ensemble_delta_m_high),
        amount(5 * chosen.n_params),
    )
    assert found.ensemble_task_rows[0][2] == f"{value(first.ensemble_value)} ({gain(first.ensemble_gain)})"


def test_where_no_ensemble_is_known_none_is_explained(tables: Tables) -> None:
    older = [replace(row, ensemble_size=None, ensemble_delta_m=float("nan")) for row in tables.summary]
    found = evidence(replace(tables, summary=older))
    assert (found.ensembles, found.ensemble_task_rows) == (None, ())
    assert {row["ensemble"] for row in cells(found)} == {"–"}


def test_caveats_are_shown(tables: Tables) -> None:
    notes = ("few seeds", "no references")
    summary = [replace(row, caveats=notes) for row in tables.summary]
    assert evidence(replace(tables, summary=summary)).caveats == notes


def test_of_one_seed_there_is_no_interval(tables: Tables) -> None:
    nan = float("nan")
    one_seed = [
        replace(
            row,
            delta_m_low=nan,
            delta_m_high=nan,
            vs_single_task=replace(row.vs_single_task, low=nan, high=nan),
        )
        for row in tables.summary
    ]
    found = evidence(replace(tables, summary=one_seed))
    assert all(row["interval"] == "one seed" for row in cells(found))
    assert "one seed" in traces(found.figures[0])[0]["text"][0]


def test_only_single_task_confirmed_has_no_figure_of_tasks(tables: Tables) -> None:
    alone = replace(tables, summary=[row for row in tables.summary if row.arm == "single_task"])
    found = evidence(alone)
    assert len(found.figures) == 1
